"""``manage.py ory_mfa report``: list what guards each page of the site."""
