"""An agent that follows a script: a real program in a real terminal, for demos, trials and tests."""
