"""Statistical models: numpy and pandas in, numpy and pandas out; no files, no AnnData."""
