#!/bin/sh
# about: Erlang: processes, messages, a TCP server with its client
# needs: erl
# tier: slow
cat >t.escript <<'END'
#!/usr/bin/env escript
main(_) ->
    Me = self(),
    [spawn(fun() -> Me ! {N, N * N} end) || N <- lists:seq(1, 5)],
    io:format("~p~n", [lists:sort([receive {N, S} -> {N, S} end || _ <- lists:seq(1, 5)])]),
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {ip, {127, 0, 0, 1}}]),
    {ok, P} = inet:port(L),
    spawn(fun() -> {ok, C} = gen_tcp:accept(L), {ok, B} = gen_tcp:recv(C, 5), gen_tcp:send(C, string:uppercase(B)), gen_tcp:close(C) end),
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, P, [binary, {active, false}]),
    gen_tcp:send(S, "hello"), io:format("~p~n", [gen_tcp:recv(S, 0)]),
    io:format("~s", [os:cmd("echo from a shell")]), halt(5).
END
escript t.escript; echo $?
