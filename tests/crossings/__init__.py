"""What pages meet on their way through Django; ``tests/project/test_crossings.py`` runs these tests."""
