"""Code of a site as its author writes it, for ``make typing``: checked by mypy --strict with django-stubs."""
