"""Tells people by Apprise what went wrong with their audiences, or is about to. No alert holds a person or a secret."""
