"""`hallcall doctor`: what is broken, and what to do about it; on one box, or in the whole hall.

It changes nothing, waits for nobody for long, and works all the better the less of the hall is there.
"""
