"""Reads text files of columns by rules: the dialect is decided once, then every line is a row or is accounted for."""
