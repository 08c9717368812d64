"""Signing in without Airbyte: profiles, each a sign-in that is kept here and shared by everything that runs."""
