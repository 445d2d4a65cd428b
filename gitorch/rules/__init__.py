"""What may happen, what follows, and what remains to be done: pure functions over the model."""
