"""The registrar: on the dispatcher's box, it keeps who belongs to the hall.

It joins boxes, renews and revokes their certificates, writes the broker's access list, keeps thirty days of warnings
and hands out releases. It decides nothing about customers, and the hall goes on without it.
"""
