"""The verbs of people and agents, one module for each group."""
