"""From the credential of a request to its Ory session.

Imports ``core``, ``ory``, ``request``, ``roundtrip`` and ``runtime``.
"""
