"""Remembering: records on an orphan branch, one commit each."""
