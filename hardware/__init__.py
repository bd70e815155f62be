"""Every device of a hall: small protocols above, byte ports below, drivers between, and the far end of each cable.

Knows bytes, wires and devices. Knows nothing of tickets, counters or messages, and imports nothing of ours.
"""
