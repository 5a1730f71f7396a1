#!/bin/sh
# about: a key and a certificate; s_client talks to s_server inside
# needs: openssl
# tier: slow
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c -subj /CN=localhost -days 1 2>/dev/null; openssl s_server -quiet -accept 127.0.0.1:14433 -key k -cert c -rev >/dev/null 2>&1 & sleep 1; for i in 1 4 12 30; do (echo hello; sleep $i) | openssl s_client -quiet -no_ign_eof -connect 127.0.0.1:14433 2>/dev/null | grep olleh && break; sleep 1; done; kill $!; echo text | openssl enc -aes-256-cbc -k pass -pbkdf2 | openssl enc -d -aes-256-cbc -k pass -pbkdf2; openssl dgst -sha3-256 /dev/null
