# metafor on effects.tsv, se.tsv and method.txt of a folder; leaves result.tsv and cost.json there.
suppressMessages(library(metafor))
folder <- commandArgs(TRUE)[1]
effects <- as.matrix(read.delim(file.path(folder, "effects.tsv"), header = FALSE, na.strings = "nan"))
variances <- as.matrix(read.delim(file.path(folder, "se.tsv"), header = FALSE))^2
method <- readLines(file.path(folder, "method.txt"))
fit_one <- function(i) {
  # the default tolerance leaves tau2 at the fifth digit
  model <- suppressWarnings(rma(effects[i, ], variances[i, ], method = method, test = "knha",
                                control = list(threshold = 1e-10, tol = 1e-12, maxiter = 10000)))
  c(model$beta, model$se, model$pval, model$tau2)
}
invisible(fit_one(1))
clock <- proc.time()
found <- t(sapply(seq_len(nrow(effects)), fit_one))
clock <- proc.time() - clock
colnames(found) <- c("estimate", "se", "p", "tau2")
write.table(format(found, digits = 12), file.path(folder, "result.tsv"), sep = "\t", quote = FALSE, row.names = FALSE)
cat(sprintf('{"cpu": %f, "wall": %f}', sum(clock[1:2]), clock[3]), file = file.path(folder, "cost.json"))
