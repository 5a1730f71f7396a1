#!/bin/sh
# about: cargo builds and tests a crate
# needs: cargo rustc
# tier: slow
export CARGO_HOME=$PWD/home; mkdir -p c/src; printf '[package]\nname = "c"\nversion = "0.1.0"\nedition = "2021"\n' >c/Cargo.toml; printf 'fn main() { println!("{}", c::f(20)); }\n' >c/src/main.rs; printf 'pub fn f(n: u32) -> u32 { n + 1 }\n#[test]\nfn works() { assert_eq!(f(1), 2) }\n' >c/src/lib.rs; cd c; cargo build -q --offline 2>/dev/null; ./target/debug/c; cargo test -q --offline 2>/dev/null | grep 'test result' | head -1 | cut -d';' -f1,2
