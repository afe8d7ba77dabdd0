# Times limma's gene-set tests, and fgsea where it is installed; called by genesets.py, which writes the input and
# reads the answer. Arguments: job, features, samples, sets, folder. Prints CPU seconds, wall seconds, peak megabytes.
suppressMessages(library(limma))
arguments <- commandArgs(trailingOnly = TRUE)
job <- arguments[1]
size <- as.integer(arguments[2:3])
folder <- arguments[5]
read <- function(name, what = "double", n = prod(size)) readBin(file.path(folder, name), what, n)
matrix_of <- function(name) matrix(read(name), size[1], size[2], byrow = TRUE)
members <- split(read("rows.bin", "integer", 1e8) + 1L, read("set.bin", "integer", 1e8))
y <- matrix_of("y.bin")
design <- cbind(1, rep(0:1, each = size[2] / 2))
weights <- if (job == "camera, weights") matrix_of("w.bin") else NULL
statistic <- read("t.bin", n = size[1])
names(statistic) <- seq_along(statistic)

before <- proc.time()
answer <- switch(job,
  "camera" = , "camera, weights" = camera(y, members, design, contrast = 2, weights = weights, sort = FALSE)$PValue,
  "camera, estimated" = camera(y, members, design, contrast = 2, inter.gene.cor = NA, sort = FALSE)$PValue,
  "camera preranked" = cameraPR(statistic, members, sort = FALSE)$PValue,
  "fry" = fry(y, members, design, contrast = 2, sort = FALSE)$PValue,
  "roast" = mroast(y, members, design, contrast = 2, nrot = 9999, midp = FALSE, sort = "none")$PValue,
  "preranked" = {
    sets <- lapply(members, as.character)
    set.seed(1)
    found <- fgsea::fgseaMultilevel(sets, statistic, nPermSimple = 10000, nproc = 1)
    found$pval[match(names(sets), found$pathway)]
  }
)
spent <- proc.time() - before
writeBin(as.double(answer), file.path(folder, "p.bin"))
status <- readLines("/proc/self/status")
peak <- as.numeric(gsub("[^0-9]", "", grep("VmHWM", status, value = TRUE))) / 1024
cat(sum(spent[1:2]), spent[3], peak, "\n")
