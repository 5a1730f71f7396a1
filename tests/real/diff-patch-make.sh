#!/bin/sh
# about: diff and patch; make with rules in parallel
# needs: diff patch make
# tier: slow
seq 30 >a; sed 's/^1/x/; 20d' a >b; diff -u --label a --label b a b >p; cat p; patch -s a p; cmp a b && echo patched
printf 'all: x y z\n\t@echo all\n%%: %%.in\n\t@tr a-z A-Z <$< >$@; echo made $@\n.NOTPARALLEL: all\n' >Makefile; for i in x y z; do echo $i >$i.in; done
make; make; touch -d tomorrow y.in; make; make -j4 -B | sort; make nothing 2>&1 | sed 's/make\[*[0-9]*\]*: //'; echo $?
