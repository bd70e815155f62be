"""The board's window: draws pictures and decides nothing. The only part of the display that imports Kivy.

Kivy reads its environment when it is imported: `display.__main__` sets it before.
"""
