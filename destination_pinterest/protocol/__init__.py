"""Room 1: Airbyte's lines in, states out. Knows nothing of identities, audiences or Pinterest."""
