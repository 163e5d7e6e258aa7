"""The control plane: what ``manage.py ory_mfa`` reads and changes at Ory. It stands beside the path of requests."""
