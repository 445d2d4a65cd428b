"""How a command is executed: decided, freed of secrets, recorded; and the turn that merges take."""
