"""Queries, which change no run: runs, records, exports, comparisons with a remote."""
