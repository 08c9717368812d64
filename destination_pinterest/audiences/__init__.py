"""Objects at Pinterest: customer lists and the audiences made of them are looked up, created and swapped here."""
