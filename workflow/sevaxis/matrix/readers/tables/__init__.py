"""What the formats have in common: text to typed columns, layouts, names, probes, protein tables."""
