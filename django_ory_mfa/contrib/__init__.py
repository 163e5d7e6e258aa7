"""What only some sites need; nothing outside of here imports it."""
