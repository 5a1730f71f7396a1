#!/bin/sh
# about: gpg: a key, signed and encrypted files
# needs: gpg
# tier: slow
export GNUPGHOME=$PWD/g; mkdir -m 700 g; gpg -q --batch --pinentry-mode loopback --passphrase '' --quick-generate-key me@here ed25519 sign never 2>/dev/null; echo $?; echo text >f; gpg -q --batch --clearsign f 2>/dev/null; gpg --verify f.asc 2>&1 | grep -c 'Good signature'; echo secret | gpg -q --batch --symmetric --passphrase p -o s.gpg --pinentry-mode loopback; gpg -q --batch --passphrase p --pinentry-mode loopback -d s.gpg; gpgconf --kill all; echo $?
