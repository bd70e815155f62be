"""A hall of boxes on one machine: each box boots our image in systemd-nspawn, with a network of its own.

Everything but the hardware is real: systemd, mosquitto, mutual TLS, the units, the programs. People and devices are
the demo's. Needs root; the whole of it lives in namespaces of its own and leaves nothing behind.
"""
