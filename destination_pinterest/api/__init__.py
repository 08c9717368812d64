"""Pinterest's API v5: one method per endpoint, typed errors, tokens, quota, retries."""
