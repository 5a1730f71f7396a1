#!/bin/sh
# about: tcsh, mksh, yash and fish: loops, functions, pipelines, job control
# needs: tcsh mksh yash fish
# tier: slow
tcsh -f -c 'foreach i (1 2 3); echo $i; end; set a = (x y); echo $#a; if ($a[1] == x) echo yes; echo b | tr b c; exit 4'; printf 'foreach i (1 2 3)\necho $i\nend\nset a = (x y)\necho $#a\nexit 4\n' >t.csh; tcsh -f t.csh; echo $?
mksh -c 'typeset -i x=3; print $((x * 2)); f() { local y=1; print $y; }; f; set -A a p q; print ${#a[@]}; cat <<<here; coproc=1; (exit 3) || print $?; sleep 0.1 & wait; print done'; yash -c 'a=(1 2 3); echo ${a[2]}; for i in a b; do echo $i; done | sort -r; echo $((2 ** 3))'; fish --no-config -c 'for i in (seq 3); echo $i; end; function f; echo f $argv; end; f x; echo (count a b); string upper abc; false; echo $status; begin; echo z; echo y; end | sort'
