"""What the request itself contains: its credential, its visitor, and the kind of client that reads the response.

Imports ``core`` and ``runtime``.
"""
