"""The ground floor: words, problems, options, small tables, logs, and what a result was made of."""
