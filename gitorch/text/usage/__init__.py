"""What agent programs write down of their own usage, each in a format of its own."""
