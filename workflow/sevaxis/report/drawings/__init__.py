"""The drawings of the page and the figures beside it."""
