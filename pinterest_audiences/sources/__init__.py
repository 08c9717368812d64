"""Where rows come from: any SQLAlchemy URL, DuckDB, CSV and Parquet, read in batches and never changed."""
