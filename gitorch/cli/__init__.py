"""The command line: words to commands, values to output."""
