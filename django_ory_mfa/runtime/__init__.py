"""What the other rooms build on: drivers of steps, per-process objects, limited log lines and the clock.

Imports no other room.
"""
