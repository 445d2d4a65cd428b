"""Everything that only reads: runs, records, exports, comparisons with a remote."""
