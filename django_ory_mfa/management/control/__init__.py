"""The control plane: reads and changes Ory's configuration for ``manage.py ory_mfa``. No request imports it."""
