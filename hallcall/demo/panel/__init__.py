"""The demo's panel: a window with the clerks' keys, the mischief, and what was counted at the cables.

A process of its own, and the only screen in this room: it shows what the director says on stdin and says on stdout
what was touched. It decides nothing.
"""
