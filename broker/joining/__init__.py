"""How a box joins its hall, and what a technician asks of the registrar: said over HTTPS, on the dispatcher's box.

`words.py`: what is said, in JSON · `asking.py`: the side of who asks. docs/joining.md tells the whole of it.
"""
