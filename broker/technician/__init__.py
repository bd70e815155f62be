"""The technician at a screen of the hall: who may see what is broken, and what is told there.

Five touches in a corner (on a board: five times OK) lead to a pad for the PIN, the PIN to the findings of this box and
of the hall. No way leads from there out of the program: nothing can be changed, started or typed but the PIN.
"""
