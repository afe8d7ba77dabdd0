# DESeq2's Wald test beside counts.py.
suppressMessages(library(DESeq2))
source("measure.R")
counts <- read_matrix("counts")
storage.mode(counts) <- "integer"
design <- read_matrix("design")
colnames(design) <- c("base", "male", "treated", "both")
measure(function() {
  data <- DESeqDataSetFromMatrix(counts, data.frame(sample = factor(seq_len(samples))), ~1)
  data <- estimateSizeFactors(data)
  data <- suppressMessages(estimateDispersionsGeneEst(data, modelMatrix = design))
  data <- suppressMessages(estimateDispersionsFit(data))
  data <- suppressMessages(estimateDispersionsMAP(data, modelMatrix = design))
  data <- nbinomWaldTest(data, modelMatrix = design, betaPrior = FALSE)
  found <- results(data, name = "treated", independentFiltering = FALSE, cooksCutoff = FALSE)
  data.frame(log2fc = found$log2FoldChange, se = found$lfcSE, p = found$pvalue)
})
