"""The only package that knows every concrete class: repositories, presets and callers, put together from ledger and world.

Imports stand inside functions, because a verb pays for each at its start: the tmux side alone costs 15 ms.
"""
