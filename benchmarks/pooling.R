# metafor, one gene after the other, beside pooling.py.
suppressMessages(library(metafor))
source("measure.R")
effects <- read_matrix("effects")
variances <- read_matrix("se")^2
fit_one <- function(i) {
  # the default tolerance leaves tau2 at the fifth digit
  fit <- suppressWarnings(rma(effects[i, ], variances[i, ], method = model, test = "knha",
                              control = list(threshold = 1e-10, tol = 1e-12, maxiter = 10000)))
  c(fit$beta, fit$se, fit$pval, fit$tau2)
}
invisible(fit_one(1))
measure(function() {
  found <- as.data.frame(t(sapply(seq_len(nrow(effects)), fit_one)))
  setNames(found, c("estimate", "se", "p", "tau2"))
})
