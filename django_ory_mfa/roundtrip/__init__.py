"""Sending a browser to Ory, and back to the same page.

Imports ``core``, ``request`` and ``runtime``.
"""
