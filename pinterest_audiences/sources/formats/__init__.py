"""Tables in files of all formats other than text: JSON, workbooks, Parquet, Arrow and ORC."""
