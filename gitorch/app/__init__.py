"""Verbs and the tick, over ports: they read, decide, append and act."""
