"""Pinterest's API v5 on your own machine: to try the connector and to test it."""
