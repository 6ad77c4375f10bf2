#!/bin/bash
# usage: STATE=<folder> stop.sh ejabberd|prosody|postgres     stops what the other scripts have started
if [ "$1" = postgres ]; then
  PID=$(head -1 "$STATE/pg/postmaster.pid" 2> /dev/null)
  SIGNAL=INT
else
  PID=$(cat "$STATE/$1/pid" 2> /dev/null)
  SIGNAL=TERM
fi
[ -n "$PID" ] || exit 0
kill -$SIGNAL "$PID" 2> /dev/null || exit 0
for _ in $(seq 100); do kill -0 "$PID" 2> /dev/null || exit 0; sleep 0.2; done
kill -KILL "$PID"
