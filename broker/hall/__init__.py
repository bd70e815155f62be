"""The state of a hall and whose turn it is: pure.

The rules of this room:
- Who is called next is decided here and nowhere else.
- `decide` changes nothing; `HallState.apply` alone changes, and does not fail on an event that `decide` made.
- Time comes in as an argument; nothing here asks for it, writes, sends, logs or draws lots.
- A refusal is a value, not an exception: a key and its arguments, worded by whoever shows it.
- The same code runs live, in replay and in simulation, and cannot tell which.
"""
