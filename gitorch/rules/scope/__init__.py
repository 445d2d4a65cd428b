"""Which changes a job may make: globs, safe paths, and content that git would lose or run."""
