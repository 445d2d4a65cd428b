"""`gitorch acp-host`: runs in the pane, speaks the Agent Client Protocol with the program, and serves gitorch and the human at the pane."""
