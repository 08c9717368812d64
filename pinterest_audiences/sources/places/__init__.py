"""The places where data files are kept: this machine, buckets, the web, standard input."""
