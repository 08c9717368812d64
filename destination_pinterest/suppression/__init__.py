"""The suppression store: whom no sync may add any more, until that is lifted.

People are kept as keyed digests of the identifiers that Pinterest is sent, which nobody can turn back. Several
connections may share a store.

    store     opens it: adds, lifts, and gives the people to syncs
    head      the small object that names the file of digests, replaced by compare-and-swap
    digests   sorted files of digests, and how they are searched and merged in bounded memory
    progress  how far a forgetting has come, so that a killed one goes on
"""
