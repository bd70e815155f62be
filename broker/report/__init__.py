"""Folds of the journal: why a call was made, why somebody still waits.

They read what happened, through the hall's own `apply`, and word it. They decide nothing, open nothing, and write
nothing: events come in, sentences and figures go out.
"""
