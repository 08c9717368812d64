"""Forgets people: takes them out of customer lists and membership stores, and keeps them from coming back.

reading      the rows that name them      people   their identifiers, in every form
choice       which lists are touched      account  the lists of an ad account
taking_out   takes them out, list by list, and goes on where a killed run ended
certificate  what was done
"""
