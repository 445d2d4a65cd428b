"""gitorch: a git-native, file-based orchestrator for terminal coding agents."""

__version__ = "0.1.0"
