#!/bin/sh
# about: init, commit, branch, merge, log, diff; clone from a server inside
# needs: git
# tier: slow
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@b GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000' GIT_CONFIG_NOSYSTEM=1
git init -q -b main r; cd r; for i in 1 2 3; do seq $i >f$i; git add .; git commit -qm "c$i"; done; git checkout -qb side HEAD~1; echo s >s; git add s; git commit -qm side; git checkout -q main; git merge -q --no-edit side; git log --format='%h %s' --graph; echo x >>f3; git diff --stat; git status -s; git stash -q; git blame -s f3; git gc -q; git fsck; git rev-parse HEAD; git tag t; git archive HEAD | tar t; cd ..
touch r/.git/git-daemon-export-ok; git daemon --reuseaddr --listen=127.0.0.1 --port=19418 --base-path=. . >/dev/null 2>&1 & sleep 1; for i in 1 2 3 4 5 6 7 8 9; do git clone -q git://127.0.0.1:19418/r c 2>/dev/null && break; sleep 1; done; kill $!; git -C c log --oneline | wc -l; diff -r --exclude=.git r c && echo cloned
