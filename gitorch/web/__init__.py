"""The web door: pages about runs for one person on one machine, served on loopback. It needs the extra `gitorch[web]`."""
