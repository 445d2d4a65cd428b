"""A run as people and agents read it: briefs, reports, pages and notices, as values and text."""
