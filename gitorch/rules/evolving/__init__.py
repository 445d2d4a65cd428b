"""What is true after an event, by noun. `rules.evolve` is the one table that leads here."""
