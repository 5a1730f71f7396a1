#!/bin/sh
# about: screen runs a shell in a window, which is shown, typed into and closed
# needs: screen
# tier: slow
export TERM=xterm SCREENDIR=$PWD/screens; mkdir -m 700 screens
shown() { screen -S s -X hardcopy -h shown >/dev/null; grep -a "$1" shown 2>/dev/null; }
screen -c /dev/null -dmS s sh -c 'echo in screen; read line; echo "read $line"; read line'
until shown 'in screen'; do sleep 0.2; done
screen -S s -X stuff 'typed
'; until shown '^read typed'; do sleep 0.2; done
screen -ls | grep -c '(Detached)'; screen -S s -X quit; screen -ls >/dev/null; echo $?
