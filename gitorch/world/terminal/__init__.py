"""Agents in terminals: started, seen, written to, answered, ended, by tmux and the kernel's table of processes."""
