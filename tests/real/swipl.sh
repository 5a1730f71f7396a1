#!/bin/sh
# about: SWI-Prolog: a search, findall, arithmetic
# needs: swipl
# tier: slow
printf 'app([], L, L).\napp([H|T], L, [H|R]) :- app(T, L, R).\nqueens(N, Qs) :- numlist(1, N, L), permutation(L, Qs), safe(Qs).\nsafe([]).\nsafe([Q|Qs]) :- no(Q, Qs, 1), safe(Qs).\nno(_, [], _).\nno(Q, [P|Ps], D) :- Q =\\= P + D, Q =\\= P - D, E is D + 1, no(Q, Ps, E).\n:- findall(X-Y, app(X, Y, [a,b]), L), writeln(L), queens(6, Qs), writeln(Qs), X is 2 ** 100, writeln(X), halt(3).\n' >p.pl; swipl -q p.pl; echo $?
