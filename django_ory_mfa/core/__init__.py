"""The rules: credentials, sessions, requirements and decisions.

Imports the standard library only: no Django, no settings, no clock, no I/O.
"""
