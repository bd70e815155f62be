"""The far end of each cable, shipped: what the demo and the tests plug in where a hall has a device.

A simulator plays the device after its document, with the vendor's timing. It imports no driver and knows no hall.
"""
