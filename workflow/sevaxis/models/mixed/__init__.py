"""Models with random effects: one intercept for all features, several terms for a few outcomes."""
