"""The engine: rows become deliveries, deliveries go out, states come back once everything before them is safe."""
