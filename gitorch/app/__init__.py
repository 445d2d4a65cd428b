"""Carrying out: verbs and the tick, over ports."""
