"""Looks at this machine, the way to Pinterest and the sign-in, for people and for bug reports."""
