#!/bin/sh
# about: Elixir: processes with messages, a task with a TCP client, a program of the system
# needs: elixir
# tier: slow
elixir -e 'IO.puts Enum.sum(1..10); pid=self(); spawn(fn->send(pid,:hi) end); receive do x->IO.inspect x end; {:ok,s}=:gen_tcp.listen(0,[:binary,active: false]); {:ok,p}=:inet.port(s); Task.async(fn->{:ok,c}=:gen_tcp.connect({127,0,0,1},p,[:binary,active: false]); :gen_tcp.send(c,"x"); c end); {:ok,c}=:gen_tcp.accept(s); IO.inspect :gen_tcp.recv(c,0); {o,st}=System.cmd("echo",["a"]); IO.inspect {o,st}'
