"""Skills, commands and entries of settings for other programs, as texts."""
