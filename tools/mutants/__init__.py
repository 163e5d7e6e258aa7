"""Mutation testing of what runs in a request; ``make mutants``. CONTRIBUTING.rst says how to read it."""
