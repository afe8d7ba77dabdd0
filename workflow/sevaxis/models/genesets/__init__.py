"""Tests of gene sets."""
