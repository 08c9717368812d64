"""Remembers runs, and what Pinterest said of audiences, in a file here. Nothing in it identifies a person."""
