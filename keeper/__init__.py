"""The keeper of a box: one on each machine of the hall.

It joins the box to the hall, says how the machine is (clock, card, certificates, power, heat), passes on what goes
wrong there, and installs releases. It serves no customer, and it never asks the dispatcher for anything.
"""
