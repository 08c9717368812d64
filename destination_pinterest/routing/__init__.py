"""Plans where streams go, from the catalog and the settings, before the first row. Imports nothing that sends."""
