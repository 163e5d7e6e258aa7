"""``manage.py ory_mfa doctor``: why signing in or step-up does not work, and what to change.

``collect.py`` asks Django and Ory, ``reading.py`` keeps of the answers what ``facts.py`` has a place for, the checks
(``reaching.py``, ``returning.py``, ``cookies.py``, ``levels.py``) are pure functions of these facts, ``command.py``
prints.
"""
