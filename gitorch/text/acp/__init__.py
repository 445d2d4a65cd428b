"""The Agent Client Protocol, version 1: what an agent program's messages say, and how they read in a terminal. Pure."""
