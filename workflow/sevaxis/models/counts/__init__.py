"""Models of counts: voom, negative binomial, size factors, dispersions, outliers."""
