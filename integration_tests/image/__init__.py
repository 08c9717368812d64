"""The image: built by a real engine, looked through, and run as the platform runs it, with as little as it may get."""
