#!/bin/sh
# about: SBCL: compiled functions, bignums, conditions, garbage collection, a saved core
# needs: sbcl
# tier: slow
sbcl --noinform --no-userinit --no-sysinit --non-interactive --eval '(progn (defun fact (n) (if (< n 2) 1 (* n (fact (1- n))))) (format t "~a~%" (fact 30)) (handler-case (error "bad") (error (c) (format t "caught ~a~%" c))) (dotimes (i 50) (make-array 100000)) (gc :full t) (format t "~{~a~^,~}~%" (sort (list 3 1 2) (function <))) (finish-output) (sb-ext:exit :code 4))'; echo $?
