"""What people and programs are told of a sync. Only reads."""
