"""How the site is built: ``make docs``."""

from __future__ import annotations

import django
from django.conf import settings

import django_ory_mfa

# The API pages are made from the docstrings, and Django's models want settings before they can be imported.
settings.configure(
    SECRET_KEY="not a secret",  # noqa: S106 - of a process that only reads docstrings
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django_ory_mfa",
        "django_ory_mfa.contrib.auth",
    ],
    ORY_MFA_SDK_URL="https://ory.example.com",
)
django.setup()

project = "django-ory-mfa"
author = "The contributors of django-ory-mfa"
copyright = author  # noqa: A001 - the name that Sphinx wants
version = release = django_ory_mfa.__version__

extensions = ["sphinx.ext.autodoc", "sphinx_copybutton"]
nitpicky = True
# Names of other packages are not looked up, so that no network is needed. Annotations name private classes.
nitpick_ignore_regex = [("py:.*", r"(?!django_ory_mfa\b).*"), ("py:class", r".*")]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
copybutton_prompt_text = "$ "

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
