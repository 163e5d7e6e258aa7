"""The rules, without Django, settings, clock or I/O: credentials, sessions, requirements and decisions."""
