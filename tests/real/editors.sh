#!/bin/sh
# about: vim and emacs without a terminal
# needs: vim emacs
# tier: slow
printf 'one\ntwo\nthree\n' >t; vim -es -u NONE -c '%s/t/T/g' -c '2move 0' -c wq t; echo $?; cat t; printf '3 1 2\n' >e.el; emacs -Q --batch --eval '(progn (princ (format "%s %s\n" (+ 1 2) (mapconcat (function upcase) (list "a" "b") ","))) (with-temp-buffer (insert "b\na\n") (sort-lines nil (point-min) (point-max)) (princ (buffer-string))) (princ (shell-command-to-string "echo from a shell")) (kill-emacs 3))' 2>/dev/null; echo $?
