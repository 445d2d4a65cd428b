"""Pictures of workflows and runs as text: for terminals, for Mermaid and DOT, as SVG."""
