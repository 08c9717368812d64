"""Where streams lead: what the catalog and the settings decide before the first row. Imports nothing that sends."""
