"""How fast the package is, measured beside its peers: ``python -m benchmarks``, or ``make bench``."""
