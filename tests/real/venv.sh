#!/bin/sh
# about: Python's venv, made inside and by its own python from outside of its folder; a module, zipapp, compileall
# needs: /usr/bin/python3
# tier: slow
mkdir a b; cd a; /usr/bin/python3 -m venv --without-pip env; echo $?; cd ../b
echo 'print("in the environment")' >"$(echo ../a/env/lib/python3*/site-packages)/there.py"
../a/env/bin/python -c 'import sys, there; print(sys.prefix.endswith("/a/env"), sys.base_prefix)'
. ../a/env/bin/activate; python -m there; python -c 'import sys; print(sys.executable)' | sed 's:.*/a/:a/:'; deactivate
mkdir app; echo 'print("zipped")' >app/__main__.py; /usr/bin/python3 -m zipapp app; /usr/bin/python3 app.pyz; /usr/bin/python3 -m compileall -q app; echo $?
printf '#!%s/../a/env/bin/python\nimport there\n' "$PWD" >script; chmod +x script; ./script
