"""What may happen, what follows, and what is owed: pure functions over the model."""
