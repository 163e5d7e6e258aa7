"""``manage.py ory_mfa init``: the configuration of a Kratos of your own, made for this site.

``choices.py`` derives everything that the files depend on from the settings and the command line, ``kratos_yml.py`` and
``identity_schema.py`` are pure functions of that, ``next_steps.py`` says what to do with the files, and ``command.py``
shows the choices, asks and writes.
"""
