"""Reviews: gates and findings, citations and evidence, replies and how findings end."""
