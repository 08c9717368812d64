"""`make demo`: a warehouse table of 100,000 customers becomes an audience in the sandbox, and is checked there."""
