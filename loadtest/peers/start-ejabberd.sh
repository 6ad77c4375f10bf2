#!/bin/bash
# usage: STATE=<folder> start-ejabberd.sh A|B <cpu list> [erl flags…]     A routes, B archives in PostgreSQL
# TCP 127.0.0.1:15222, WebSocket ws://127.0.0.1:15280/ws, domains bench.local (plain passwords) and scram.local (SCRAM keys). Prints the pid.
set -e
HERE=$(cd "$(dirname "$0")" && pwd)
S=$STATE/ejabberd
CONFIG=$1
CPUS=$2
shift 2
mkdir -p "$S/mnesia"
KEEP='/^@B@/d'
if [ "$CONFIG" = B ]; then KEEP='s|^@B@||'; fi
sed -e "s|@STATE@|$S|g" -e "$KEEP" "$HERE/conf/ejabberd.yml.in" > "$S/ejabberd.yml"
ulimit -n "$(ulimit -Hn)"
export ERL_LIBS=/usr/lib/x86_64-linux-gnu ERL_EPMD_ADDRESS=127.0.0.1 ERL_CRASH_DUMP_BYTES=0 ERL_MAX_PORTS=262144 HOME=$S
export EJABBERD_CONFIG_PATH=$S/ejabberd.yml EJABBERD_LOG_PATH=$S/ejabberd.log
cd "$S"
setsid nohup taskset -c "$CPUS" erl -sname ejbench@localhost -setcookie bench +K true +P 1000000 +Q 262144 "$@" \
  -kernel inet_dist_use_interface '{127,0,0,1}' -mnesia dir "\"$S/mnesia\"" -s ejabberd -noinput > "$S/out" 2>&1 < /dev/null &
PID=$!
for _ in $(seq 100); do (echo > /dev/tcp/127.0.0.1/15222) 2> /dev/null && break; sleep 0.2; done
echo $PID > "$S/pid"
echo $PID
