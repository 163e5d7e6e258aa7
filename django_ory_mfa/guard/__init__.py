"""What a view requires, and how a guard enforces it.

Imports ``answer``, ``core``, ``request``, ``roundtrip``, ``runtime`` and ``session``.
"""
