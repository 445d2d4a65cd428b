"""Which changes a job may bring: globs, paths, and what git keeps and other people lose."""
