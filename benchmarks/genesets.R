# limma's gene-set tests, and fgsea where it is installed, beside genesets.py.
suppressMessages(library(limma))
source("measure.R")
y <- read_matrix("y")
members <- split(as.integer(read_matrix("rows")) + 1L, as.integer(read_matrix("set")))
design <- cbind(1, rep(0:1, each = samples / 2))
weights <- if (model == "camera, weights") read_matrix("w") else NULL
statistic <- as.vector(read_matrix("t"))
names(statistic) <- seq_along(statistic)
measure(function() {
  data.frame(p = switch(model,
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
  ))
})
