# lmerTest, one feature after the other, beside mixed.py.
suppressMessages(library(lmerTest))
source("measure.R")
y <- read_matrix("y")
design <- read_matrix("design")
samples <- data.frame(treated = design[, 2], age = design[, 3], donor = as.vector(read_matrix("donor")))
fit_one <- function(y) {
  fit <- suppressMessages(suppressWarnings(lmer(y ~ treated + age + (1 | donor), cbind(samples, y = y))))
  coef(summary(fit))["treated", c("Estimate", "Std. Error", "Pr(>|t|)")]
}
invisible(fit_one(y[1, ]))
measure(function() {
  found <- as.data.frame(t(apply(y, 1, fit_one)))
  setNames(found, c("estimate", "se", "p"))
})
