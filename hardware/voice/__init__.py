"""Speech out of text: engines in order, a cache of what they made, and sound as numbers.

In goes the tag of a voice, "zh" or "en", and a text; out comes sound that was checked. Nothing is played here.
"""
