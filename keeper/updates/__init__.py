"""How a box gets another release: installed into the slot that does not run, tried, confirmed or given up.

RAUC checks the signature and writes the slot; the boot loader starts it; nothing here touches the hall's data. What is
privileged runs as a unit of its own (`install`, `healthy`, `stick`), never in the keeper that speaks with the network.
"""
