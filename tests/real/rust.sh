#!/bin/sh
# about: rustc compiles a program with threads and channels, which runs
# needs: rustc
# tier: slow
printf 'use std::sync::mpsc; use std::thread;\nfn main() { let (s, r) = mpsc::channel(); for i in 0..4 { let s = s.clone(); thread::spawn(move || s.send(i * i).unwrap()); } drop(s); let mut v: Vec<i32> = r.iter().collect(); v.sort(); println!("{:?}", v); std::process::exit(3) }\n' >p.rs; rustc -O p.rs 2>/dev/null; ./p; echo $?
