"""What the request itself says: its credential, and who reads the answer."""
