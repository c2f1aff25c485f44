"""Every boundary on one shelf: who has read these files knows the framework."""
