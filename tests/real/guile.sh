#!/bin/sh
# about: Guile: closures, continuations, hash tables, threads
# needs: guile
# tier: slow
GUILE_AUTO_COMPILE=0 guile --no-auto-compile -c '(use-modules (ice-9 threads)) (display (call/cc (lambda (k) (+ 1 (k 42))))) (newline) (let ((h (make-hash-table))) (hash-set! h "a" 1) (display (hash-ref h "a")) (newline)) (display (par-map (lambda (x) (* x x)) (list 1 2 3))) (newline) (exit 3)' 2>/dev/null; echo $?
