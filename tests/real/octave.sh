#!/bin/sh
# about: Octave: matrices, a function, text
# needs: octave-cli
# tier: slow
octave-cli --no-init-file --quiet --eval 'A = [4 1; 2 3]; disp(eig(A)); disp(A \ [1; 2]); f = @(x) x .^ 2; printf("%d ", f(1:5)); printf("\n"); disp(strrep("octave", "o", "0")); exit(2)' 2>/dev/null; echo $?
