"""The hall in a browser: boards for any screen that can show a page. Served to the hall's own network.

`node.py` hears the hall · `pages.py` answers browsers · `static/` is what they get: nothing is built on a node, and
nothing comes from outside.
"""
