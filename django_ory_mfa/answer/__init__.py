"""What a refused visitor gets."""
