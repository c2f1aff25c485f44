"""Models that help the people at the desk, where the business names an endpoint; the only room that asks one."""
