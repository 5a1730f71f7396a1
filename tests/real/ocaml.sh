#!/bin/sh
# about: OCaml: compiled to bytecode and run; exceptions, a functor, Unix.fork with a pipe
# needs: ocaml
# tier: slow
cat >m.ml <<'END'
module M = Map.Make(String)
exception Bad of int
let rec fib n = if n < 2 then n else fib (n - 1) + fib (n - 2)
let () =
  let m = List.fold_left (fun m (k, v) -> M.add k v m) M.empty ["b", 2; "a", 1] in
  M.iter (Printf.printf "%s=%d\n") m;
  Printf.printf "%d\n%!" (fib 20);
  (try raise (Bad 4) with Bad n -> Printf.printf "bad %d\n%!" n);
  let r, w = Unix.pipe () in
  match Unix.fork () with
  | 0 -> ignore (Unix.write_substring w "child" 0 5); exit 3
  | pid -> let b = Bytes.create 5 in ignore (Unix.read r b 0 5);
    (match Unix.waitpid [] pid with _, Unix.WEXITED n -> Printf.printf "%s %d\n" (Bytes.to_string b) n | _ -> ())
END
ocamlc -I +unix unix.cma m.ml -o m 2>&1 && ./m; echo $?; echo 'print_endline (String.uppercase_ascii "script");;' >s.ml; ocaml s.ml
