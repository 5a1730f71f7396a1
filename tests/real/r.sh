#!/bin/sh
# about: R: vectors, a regression, regular expressions
# needs: Rscript
# tier: slow
Rscript --vanilla -e 'x <- c(1, 2, 3, 4); y <- c(2.1, 3.9, 6.2, 7.8); print(round(coef(lm(y ~ x)), 4)); print(summary(x)); cat(gsub("[aeiou]", "_", "regular"), "\n"); print(table(c("a", "b", "a"))); cat(system("echo from a shell", intern = TRUE), "\n"); print(solve(matrix(c(2, 1, 1, 3), 2))); quit(status = 3)'; echo $?
