"""Signing a test account in with its password, for ``doctor --as`` and ``manage.py ory_mfa test-session``."""
