"""Sources: where the bytes of data sets come from."""
