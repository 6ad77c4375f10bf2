-- That accounts were removed, as their logs tell: the entry itself, so that a gap read finds it. An edge that has missed it would keep the sessions
-- of the old account, and show them what comes for the next one of that name. Kept for STARLING_REMOVAL_KEEP, whatever becomes of the name.
create table archive_end (
  owner text collate "C" not null, -- bare JID
  position bigint not null,
  committed_at_ms bigint not null,
  entry_id text not null,
  envelope bytea not null,
  primary key (owner, position)
);
create index archive_end_committed_at on archive_end (committed_at_ms);
