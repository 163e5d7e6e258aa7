"""What a view asks for, and what follows from it."""
