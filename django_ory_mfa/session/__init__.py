"""Who is there, and what follows for the response and for Django's session.

Imports ``core``, ``ory``, ``request``, ``roundtrip`` and ``runtime``.
"""
