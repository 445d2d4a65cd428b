"""Control channels to agent programs, each in a module of its own. Each implements `ports.channels.Channel`."""
