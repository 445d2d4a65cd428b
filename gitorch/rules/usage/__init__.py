"""What agents use: counting it, and what follows when a budget or a program's own limit is reached."""
