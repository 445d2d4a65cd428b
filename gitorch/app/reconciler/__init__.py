"""The loop of `gitorch up`: observe, reconcile, append, and perform what is outstanding."""
