# Times limma and edgeR on one matrix; called by linear.py, which writes the input and reads the answer.
# Arguments: job, features, samples, cells, folder. Prints CPU seconds, wall seconds and peak megabytes.
suppressMessages({
  library(limma)
  library(edgeR)
})
arguments <- commandArgs(trailingOnly = TRUE)
job <- arguments[1]
size <- as.integer(arguments[2:4])
folder <- arguments[5]
read <- function(name) matrix(readBin(file.path(folder, name), "double", size[1] * size[2]), size[1], size[2], byrow = TRUE)
y <- read("y.bin")
y[is.nan(y)] <- NA
cell <- factor((seq_len(size[2]) - 1) %% size[3])
design <- model.matrix(~ 0 + cell)
contrast <- c(-1, 1, rep(0, size[3] - 2))
block <- (seq_len(size[2]) - 1) %/% 4
weights <- if (job == "weights") read("w.bin") else NULL

finish <- function(fit, ...) eBayes(contrasts.fit(fit, contrast), ...)
before <- proc.time()
fit <- switch(job,
  plain = , weights = finish(lmFit(y, design, weights = weights)),
  robust = finish(lmFit(y, design), trend = TRUE, robust = TRUE),
  block = {
    rho <- duplicateCorrelation(y, design, block = block)$consensus.correlation
    finish(lmFit(y, design, block = block, correlation = rho))
  },
  array_weights = finish(lmFit(y, design, weights = arrayWeights(y, design))),
  voom = {
    counts <- DGEList(y)
    counts <- counts[filterByExpr(counts, group = cell), , keep.lib.sizes = FALSE]
    finish(lmFit(voom(calcNormFactors(counts), design), design))
  },
  voom_quality = {
    counts <- DGEList(y)
    counts <- counts[filterByExpr(counts, group = cell), , keep.lib.sizes = FALSE]
    finish(lmFit(voomWithQualityWeights(calcNormFactors(counts), design), design))
  }
)
spent <- proc.time() - before
writeBin(as.vector(fit$t), file.path(folder, "t.bin"))
status <- readLines("/proc/self/status")
peak <- as.numeric(gsub("[^0-9]", "", grep("VmHWM", status, value = TRUE))) / 1024
cat(sum(spent[1:2]), spent[3], peak, "\n")
