"""Room 2: a row's values become normalised, checked, hashed identifiers.

Pure: no I/O, no clock, no Airbyte, no HTTP.
"""
