"""The difference between a table and what was last sent, computed in the database that has both."""
