"""Text for people: values as lines, pages and live views."""
