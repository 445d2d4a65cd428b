"""What people and agents are told: briefs, reports, pages and notices as values and pure text."""
