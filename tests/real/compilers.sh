#!/bin/sh
# about: gfortran, GNAT, Free Pascal and Mono: hello and a loop in each
# needs: gfortran gnatmake fpc mcs mono
# tier: slow
printf 'program p\n integer :: i\n do i = 1, 3\n print *, i, sqrt(real(i))\n end do\n stop 3\nend program\n' >p.f90; gfortran p.f90 -o f && ./f; echo $?
printf 'with Ada.Text_IO; use Ada.Text_IO;\nprocedure Hello is\n task T;\n task body T is begin Put_Line ("task"); end T;\nbegin\n null;\nend Hello;\n' >hello.adb; gnatmake -q hello.adb && ./hello; echo $?
printf 'program p;\nvar i: integer;\nbegin\n for i := 1 to 3 do writeln(i * i);\n halt(4);\nend.\n' >q.pas; fpc -v0 q.pas >/dev/null; ./q; echo $?
printf 'using System; using System.Threading; using System.Linq; class P { static int Main() { var t = new Thread(() => Console.WriteLine("thread")); t.Start(); t.Join(); Console.WriteLine(string.Join(",", Enumerable.Range(1, 4).Select(x => x * x))); try { throw new Exception("thrown"); } catch (Exception e) { Console.WriteLine(e.Message); } return 5; } }\n' >m.cs; mcs m.cs && mono m.exe; echo $?
