"""The engine: turns rows into deliveries, sends them, and releases each state once everything before it is safe."""
