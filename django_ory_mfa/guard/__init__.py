"""What a view requires, and how a guard enforces it."""
