"""The language of the hall, and the one program that decides whose turn it is.

It never draws, prints or speaks: it tells the nodes, and they do.
"""
