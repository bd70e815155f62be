"""The help tunnel: a way out of the hall that the hall opens itself, for hours, to one pinned machine.

It opens nothing on the hall's network and survives no restart; who opened it until when is written down.
"""
