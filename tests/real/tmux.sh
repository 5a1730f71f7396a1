#!/bin/sh
# about: tmux runs a shell in a window and shows what it printed
# needs: tmux
# tier: slow
export TERM=xterm; tmux -S s -f /dev/null new-session -d -x 60 -y 10 'sh -c "echo inside tmux; stty size; sleep 30"'; for i in 1 2 3 4 5 6 7 8 9 10; do tmux -S s capture-pane -p | grep inside && break; sleep 1; done; tmux -S s capture-pane -p | sed -n 2p; tmux -S s display -p '#{session_windows} #{pane_width}'; tmux -S s kill-server; echo $?
