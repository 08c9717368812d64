"""Reads rows from any SQLAlchemy URL, DuckDB, CSV and Parquet, in batches. Sources are never changed."""
