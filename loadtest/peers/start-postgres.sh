#!/bin/bash
# usage: STATE=<folder> start-postgres.sh <cpu list>     for ejabberd's and Prosody's archives
# A PostgreSQL of its own on 127.0.0.1:15432 with the defaults (fsync, synchronous_commit). Prints the pid.
set -e
S=$STATE
BIN=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
mkdir -p "$S"
chmod 755 "$S"
install -d -o postgres "$S/pg"
su postgres -s /bin/sh -c "$BIN/initdb -D $S/pg -A trust -E UTF8 --locale=C > /dev/null"
cat >> "$S/pg/postgresql.conf" << END
listen_addresses = '127.0.0.1'
port = 15432
unix_socket_directories = '$S/pg'
max_connections = 100
END
su postgres -s /bin/sh -c "taskset -c $1 $BIN/pg_ctl -D $S/pg -l $S/pg/log -w start > /dev/null"
psql -q -h 127.0.0.1 -p 15432 -U postgres -c "create role bench login superuser password 'bench'"
for DATABASE in ejbench pybench; do psql -q -h 127.0.0.1 -p 15432 -U postgres -c "create database $DATABASE owner bench"; done
if [ -f /usr/share/ejabberd/sql/pg.sql ]; then psql -q -h 127.0.0.1 -p 15432 -U bench ejbench -f /usr/share/ejabberd/sql/pg.sql > /dev/null; fi
head -1 "$S/pg/postmaster.pid"
