-- Run on a database that was restored from a backup, before anything is started: docs/backup.md. To run it twice does no harm.
begin;

-- Numbers that were given after the backup may be known elsewhere (in the log, at edges, in copies of accounts): they are not given again.
select setval('account_revision', nextval('account_revision') + 1000000000);
select setval(pg_get_serial_sequence('account_notice', 'id'), nextval(pg_get_serial_sequence('account_notice', 'id')) + 1000000000);

-- Clients may have rosters of a later version than these: they are to fetch them whole.
update account set lineage = left(replace(gen_random_uuid()::text, '-', ''), 16);

commit;
