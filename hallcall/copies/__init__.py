"""Copies of a hall on a second medium, and the way back.

`places.py`: where a dispatcher's box keeps what · `manifest.py`: what a copy says of itself · `making.py`: writes one
and reads it back · `restoring.py`: puts one onto a fresh box. A copy is never changed: it is written under another name
first, and renamed when it is whole.
"""
