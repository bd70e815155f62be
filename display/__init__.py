"""What a hall sees and hears of its calls: the TV board and the voice, one program each node.

It shows and speaks what the dispatcher decided, and decides nothing about tickets.
"""
