"""The ticket kiosk: a touch screen and a printer at the hall's door, two touches to a number.

It shows what the dispatcher says and prints what the dispatcher issued; it decides nothing about tickets.
"""
