#!/bin/sh
# about: rsync of a tree, with links and deletions
# needs: rsync
# tier: slow
mkdir -p a/b; seq 5000 >a/n; ln -s n a/l; echo x >a/b/x; rsync -a a/ c/; diff -r a c && echo same; rm a/b/x; echo y >>a/n; rsync -ai --delete a/ c/ | grep -v '^[.]d' | sed 's/^\(...\).* /\1 /'; diff -r a c && echo same
