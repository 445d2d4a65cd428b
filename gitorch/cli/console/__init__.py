"""The console of `gitorch up`: a terminal application, imported only where it is opened."""
