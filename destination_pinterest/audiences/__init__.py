"""Looks up, creates and swaps the objects at Pinterest: customer lists and the audiences made from them."""
