"""The API of the example: Django REST framework, and drf-spectacular for its OpenAPI page.

Both are optional: `python -m pip install djangorestframework "drf-spectacular[sidecar]"`.
Without them the example has no API, and everything else works.
"""
