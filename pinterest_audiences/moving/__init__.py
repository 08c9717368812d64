"""Moving over from another flow: reads what it exported, writes a project of it, and compares old with new."""
