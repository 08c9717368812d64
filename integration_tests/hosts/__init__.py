"""The connector within hosts that are not ours."""
