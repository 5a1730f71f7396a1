#!/bin/sh
# about: find with tests and actions, xargs in parallel
# needs: find xargs
# tier: slow
mkdir -p a/b/c d; for i in 1 2 3; do echo $i >a/b/$i.txt; done; touch -d 2001-01-01 d/old; ln -s ../a d/link
find . -type f | sort; find . -name '*.txt' -exec cat {} + | sort; find . -type d -empty; find -L . -name 1.txt | sort; find . ! -newer d/old -type f
find . -type f -printf '%s %f\n' | sort; find a -depth -delete; find . | sort; seq 9 | xargs -n 3 echo; seq 8 | xargs -P 4 -I{} sh -c 'echo {}' | sort
