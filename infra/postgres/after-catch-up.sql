-- Run when the archives have read what the restored log had: docs/backup.md. Settles what happened to accounts between the two halves of a backup.
begin;

-- Made in between: the account is gone, so whoever takes its name must not find its messages.
create temporary table gone on commit drop as
  select owner from archive_owner where owner not in (select username from account);
delete from archive where owner in (select owner from gone);
delete from archive_owner where owner in (select owner from gone);

-- Removed in between: the account is back, and its log is told so; without that its messages would be refused. 4 is KIND.accountCreated.
insert into account_notice (username, kind)
  select username, 4 from account where username not in (select owner from archive_owner);

commit;
