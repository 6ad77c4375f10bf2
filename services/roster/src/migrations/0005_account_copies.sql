-- Copies of recent accounts outside of the database, for when it is away: which change of an account is the newest, and whose copy may
-- still be older.
create sequence account_revision;
-- Of everything that a copy has: keys, roster, waiting requests, block list, archiving preferences. It rises for ever, also from one account of a name to the next.
alter table account add column revision bigint not null default 0;

create table account_copy_due (
  username text primary key,
  revision bigint not null,
  removed boolean not null
);
