"""The page to look at: its templates, its files, and what can be shown on it, by whatever program."""
