"""Numerical tools: local regression, blocks of features."""
