"""The box at the windows: owns their serial lines, and ties call pads, signs and rating keypads to the hall.

A clerk's press becomes a command, the counter's view becomes what sign, pad and keypad show. It never decides who is
called, and it keeps nothing but the ratings that the hall has not yet confirmed.
"""
