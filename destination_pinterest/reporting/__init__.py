"""Reports of a sync, for people and for programs. Only reads."""
