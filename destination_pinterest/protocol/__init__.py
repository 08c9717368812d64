"""Reads Airbyte's messages and writes states. Knows nothing of identities, audiences or Pinterest."""
