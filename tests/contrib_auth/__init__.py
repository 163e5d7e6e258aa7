"""A site with a database and users, under settings of its own; ``tests/test_contrib_auth.py`` runs it."""
