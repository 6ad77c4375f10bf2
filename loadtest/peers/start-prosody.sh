#!/bin/bash
# usage: STATE=<folder> [TUNED=1] start-prosody.sh A|B <cpu list>     A routes, B archives in PostgreSQL
# TUNED: no Nagle, opportunistic writes, generational collection of garbage: not Prosody's defaults.
# TCP 127.0.0.1:15222, WebSocket ws://127.0.0.1:15280/ws, domains bench.local (plain passwords) and scram.local (SCRAM keys). Prints the pid.
set -e
HERE=$(cd "$(dirname "$0")" && pwd)
S=$STATE/prosody
CONFIG=$1
CPUS=$2
mkdir -p "$S/data"
KEEP='/--B$/d'
if [ "$CONFIG" = B ]; then KEEP='s|--B$||'; fi
sed -e "s|@STATE@|$S|g" -e "$KEEP" "$HERE/conf/prosody.cfg.lua.in" > "$S/prosody.cfg.lua"
if [ "${TUNED:-0}" = 1 ]; then
  sed -i 's|tcp_backlog = 4096 }|tcp_backlog = 4096, nagle = false, opportunistic_writes = true }\ngc = { mode = "generational" }|' "$S/prosody.cfg.lua"
fi
ulimit -n "$(ulimit -Hn)"
cd "$S"
setsid nohup taskset -c "$CPUS" prosody --config "$S/prosody.cfg.lua" -F > "$S/out" 2>&1 < /dev/null &
PID=$!
for _ in $(seq 100); do (echo > /dev/tcp/127.0.0.1/15222) 2> /dev/null && break; sleep 0.2; done
echo $PID > "$S/pid"
echo $PID
