"""Do the verdicts hold? Simulated studies and permuted real ones, through the whole path from matrix to verdict."""
