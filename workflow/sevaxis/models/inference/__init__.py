"""What a p-value is worth: multiple testing, power, equivalence."""
