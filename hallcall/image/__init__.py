"""The image of a box: what `./run image` builds, from Debian's packages and our wheel to a card that boots.

`recipe` and `layout` and `bill` are pure: what goes in, where it lies, what is told of it. The others run Debian's own
tools. Nothing here runs on a box, and no loop device, no mount and no boot loader of this machine is touched.
"""
