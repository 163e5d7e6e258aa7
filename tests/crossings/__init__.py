"""What pages meet on their way through Django; ``tests/test_crossings.py`` runs these tests."""
