"""Speed and memory, side by side with R and Python peers; see `python -m benchmarks --help`."""
