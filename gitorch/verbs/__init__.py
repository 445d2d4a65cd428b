"""The table of verbs, which every door shares: the command line, its help and completion, MCP, and the page of the docs.

A verb is one entry of one list here, and a function of the command line that carries it out. Nothing else names its words.
"""
