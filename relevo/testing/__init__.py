"""The kit for testing a bot: a stage with contacts, agents and a bot on it, and doubles for what lies outside."""


class Died(BaseException):
    """The process ended here, as by kill -9: raised by doubles on demand, and handled by nobody."""
