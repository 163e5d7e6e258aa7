"""What the request itself tells: its credential, its visitor, and which kind of client reads the response."""
