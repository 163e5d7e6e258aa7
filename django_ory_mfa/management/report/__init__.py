"""``manage.py ory_mfa report``: what guards each page of the site."""
