"""What is known of the samples: their sex, how alike they are, and what the checks mean."""
