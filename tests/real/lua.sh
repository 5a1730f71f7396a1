#!/bin/sh
# about: tables, coroutines, string patterns
# needs: lua5.4
cat >t.lua <<'END'
local t = {} for i = 1, 1000 do t[i] = i * i % 101 end table.sort(t) print(t[1], t[1000], #t)
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) print(co(), co(), co())
print(("key=value"):match("(%w+)=(%w+)"), string.format("%5.2f %q", math.pi, "x"), 7 // 2, 1 << 40) local f = io.open("x", "w") f:write("a\n") f:close() for l in io.lines("x") do print(l) end print(pcall(error, "e")) os.exit(3)
END
lua5.4 t.lua; echo $?
