"""Much-used Django packages beside this one, each tried on a site of its own: ``make neighbours``."""
