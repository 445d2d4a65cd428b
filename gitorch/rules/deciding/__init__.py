"""What a command leads to, by noun. `rules.decide` is the one table that leads here."""
