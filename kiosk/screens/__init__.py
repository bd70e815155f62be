"""What the kiosk's screens look like: plain shapes for each screen, and the one painter that puts them into Kivy.

They decide nothing: what is shown comes from `kiosk.flow`, what is said from the texts.
"""
