"""What the pages show: reads, and values made ready for the templates."""
