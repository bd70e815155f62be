"""A whole hall on one machine: the real programs, simulated devices at the far end of each cable, and people.

The director starts the programs as processes and imports none of them. What happened is counted where a person would
notice it: paper, lamps, drawn windows, sound.
"""
