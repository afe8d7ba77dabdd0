"""Intensities with missing values."""
