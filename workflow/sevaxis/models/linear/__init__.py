"""Linear models of all features at once, and moderated statistics."""
