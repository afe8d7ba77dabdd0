# lmerTest on values.tsv and samples.tsv of a folder; leaves result.tsv and cost.json there.
suppressMessages(library(lmerTest))
folder <- commandArgs(TRUE)[1]
values <- as.matrix(read.delim(file.path(folder, "values.tsv"), header = FALSE, na.strings = "nan"))
samples <- read.delim(file.path(folder, "samples.tsv"), header = FALSE)
names(samples) <- c("base", "treated", "age", "donor")
fit_one <- function(y) {
  model <- suppressMessages(suppressWarnings(lmer(y ~ treated + age + (1 | donor), cbind(samples, y = y))))
  coef(summary(model))["treated", c("Estimate", "Std. Error", "Pr(>|t|)")]
}
invisible(fit_one(values[1, ]))
clock <- proc.time()
found <- t(apply(values, 1, fit_one))
clock <- proc.time() - clock
colnames(found) <- c("estimate", "se", "p")
write.table(found, file.path(folder, "result.tsv"), sep = "\t", quote = FALSE, row.names = FALSE)
cat(sprintf('{"cpu": %f, "wall": %f}', sum(clock[1:2]), clock[3]), file = file.path(folder, "cost.json"))
