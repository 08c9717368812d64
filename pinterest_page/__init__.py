"""The page to look at: its templates, its files, and what can be shown on it. It knows neither of the programs that show it."""
