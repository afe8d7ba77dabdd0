# Input, timing and output of all R scripts here. Arguments: folder, model, groups of samples, samples.
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
model <- arguments[2]
cells <- as.integer(arguments[3])
samples <- as.integer(arguments[4])

# Matrices are doubles in rows, their shape in the file's name.
read_matrix <- function(name) {
  file <- list.files(folder, paste0("^", name, "\\.[0-9]+x[0-9]+\\.bin$"), full.names = TRUE)
  size <- as.integer(strsplit(strsplit(basename(file), ".", fixed = TRUE)[[1]][2], "x")[[1]])
  values <- readBin(file, "double", prod(size))
  values[is.nan(values)] <- NA
  matrix(values, size[1], size[2], byrow = TRUE)
}

# Time a function that returns a data frame; the least of three runs where one takes less than two seconds.
measure <- function(fit) {
  costs <- NULL
  while (is.null(costs) || (nrow(costs) < 3 && costs[1, 1] < 2)) {
    before <- proc.time()
    result <- fit()
    spent <- proc.time() - before
    costs <- rbind(costs, c(sum(spent[1:2]), spent[3]))
  }
  status <- readLines("/proc/self/status")
  peak <- as.numeric(gsub("[^0-9]", "", grep("VmHWM", status, value = TRUE))) / 1024
  cat(sprintf('{"cpu": %f, "wall": %f, "peak_mb": %f}', min(costs[, 1]), min(costs[, 2]), peak),
      file = file.path(folder, "cost.json"))
  write.table(format(result, digits = 15), file.path(folder, "result.tsv"), sep = "\t", quote = FALSE, row.names = FALSE)
}
