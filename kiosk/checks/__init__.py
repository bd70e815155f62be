"""What a technician wants to know of a kiosk before its customers do: one module a subject.

Each check is a function from a `Bench` to findings; `kiosk.check` runs them in order and words them. A new device is
one more check in its list. Nothing here serves customers, and no check alters what the kiosk will find.
"""
