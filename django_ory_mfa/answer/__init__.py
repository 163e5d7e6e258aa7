"""The response to a refused request.

Imports ``core``, ``request``, ``roundtrip``, ``runtime`` and ``session``.
"""
