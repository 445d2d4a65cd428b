"""Task lists of other tools, read into plans: one module a format, and a table of them in `formats`."""
