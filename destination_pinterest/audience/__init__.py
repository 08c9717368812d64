"""Room 3: what is sent, when, and in which order. Knows rooms 2 and 4 by small interfaces."""
