"""``manage.py ory_mfa doctor``: why signing in or step-up does not work, and what to change.

``collect.py`` asks Ory and reads the settings, ``reading.py`` turns the answers into the values of ``facts.py``, the
checks (``reaching.py``, ``returning.py``, ``cookies.py``, ``levels.py``) are pure functions of these facts, and
``command.py`` prints their results.
"""
