"""All calls to Ory.

Imports ``core`` and ``runtime``, and as the only room HTTP libraries.
"""
