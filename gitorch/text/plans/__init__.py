"""Plans as people write them: Markdown to values, with everything that is wrong at its line."""
