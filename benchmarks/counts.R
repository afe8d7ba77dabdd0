# DESeq2's Wald test on counts.tsv and design.tsv of a folder; leaves result.tsv and cost.json there.
suppressMessages(library(DESeq2))
folder <- commandArgs(TRUE)[1]
counts <- as.matrix(read.delim(file.path(folder, "counts.tsv"), header = FALSE))
dimnames(counts) <- NULL
storage.mode(counts) <- "integer"
design <- as.matrix(read.delim(file.path(folder, "design.tsv"), header = FALSE))
colnames(design) <- c("base", "male", "treated", "both")
clock <- proc.time()
data <- DESeqDataSetFromMatrix(counts, data.frame(sample = factor(seq_len(ncol(counts)))), ~1)
data <- estimateSizeFactors(data)
data <- suppressMessages(estimateDispersionsGeneEst(data, modelMatrix = design))
data <- suppressMessages(estimateDispersionsFit(data))
data <- suppressMessages(estimateDispersionsMAP(data, modelMatrix = design))
data <- nbinomWaldTest(data, modelMatrix = design, betaPrior = FALSE)
found <- results(data, name = "treated", independentFiltering = FALSE, cooksCutoff = FALSE)
clock <- proc.time() - clock
write.table(data.frame(log2fc = found$log2FoldChange, se = found$lfcSE, p = found$pvalue),
            file.path(folder, "result.tsv"), sep = "\t", quote = FALSE, row.names = FALSE)
cat(sprintf('{"cpu": %f, "wall": %f}', sum(clock[1:2]), clock[3]), file = file.path(folder, "cost.json"))
