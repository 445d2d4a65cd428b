"""Text into values and values into text: records, plans, workflows, configuration. Pure."""
