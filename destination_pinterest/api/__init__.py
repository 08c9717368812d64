"""Room 4: Pinterest's API v5: one method an endpoint, typed errors, tokens, quota, retries."""
