"""Turns a row's values into normalised, checked, hashed identifiers.

Pure: no I/O, no clock, no Airbyte, no HTTP.
"""
