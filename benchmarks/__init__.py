"""Speed, memory and agreement, side by side with R and Python peers; see `python -m benchmarks --help`."""
