-- Whom owners have blocked (XEP-0191), as their logs tell: for judging what comes behind that entry. The entry itself is kept, so that a gap
-- read finds it; each carries the whole list, so the newest is enough.
create table archive_block (
  owner text collate "C" primary key references archive_owner on delete cascade,
  jids text[] not null, -- prepared
  position bigint not null,
  committed_at_ms bigint not null,
  entry_id text not null,
  envelope bytea not null
);
