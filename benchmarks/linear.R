# limma and edgeR beside linear.py.
suppressMessages({
  library(limma)
  library(edgeR)
})
source("measure.R")
y <- read_matrix("y")
cell <- factor((seq_len(samples) - 1) %% cells)
design <- model.matrix(~ 0 + cell)
contrast <- c(-1, 1, rep(0, cells - 2))
block <- (seq_len(samples) - 1) %/% 4
weights <- if (model == "weights") read_matrix("w") else NULL

finish <- function(fit, ...) eBayes(contrasts.fit(fit, contrast), ...)
filtered <- function() {
  counts <- DGEList(y)
  calcNormFactors(counts[filterByExpr(counts, group = cell), , keep.lib.sizes = FALSE])
}
measure(function() {
  fit <- switch(model,
    "moderated t" = , weights = finish(lmFit(y, design, weights = weights)),
    "trend, robust" = finish(lmFit(y, design), trend = TRUE, robust = TRUE),
    blocks = {
      rho <- duplicateCorrelation(y, design, block = block)$consensus.correlation
      finish(lmFit(y, design, block = block, correlation = rho))
    },
    "array weights" = finish(lmFit(y, design, weights = arrayWeights(y, design))),
    voom = finish(lmFit(voom(filtered(), design), design)),
    "voom, quality" = finish(lmFit(voomWithQualityWeights(filtered(), design), design))
  )
  data.frame(log2fc = fit$coefficients[, 1], t = fit$t[, 1])
})
