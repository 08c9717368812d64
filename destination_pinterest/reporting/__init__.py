"""Reports on a sync, for people and for programs. Only reads."""
