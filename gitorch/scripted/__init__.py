"""The scripted agent: a real terminal program that behaves like a coding agent, driven by a script file."""
