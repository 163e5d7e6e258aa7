"""A site with a database and users, under settings of its own; ``tests/contrib/test_auth.py`` runs it."""
