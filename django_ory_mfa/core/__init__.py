"""The rules, free of Django, settings, clock and I/O: what a request carries, what Ory says, what follows from it."""
