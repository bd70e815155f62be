"""The hall's twin: the very code that runs live, on virtual time, over arrivals that are drawn or recorded.

It decides nothing of its own: counters are armed, customers come and go, and `broker.hall` says whose turn it is.
"""
