-- For the archive as its owner sees it (XEP-0313): with whom each message was, and what of them he wants to have archived (XEP-0441).
-- A column and an index: about 120 bytes a row (README).

-- Bare JID of the other one; null in rows that an older release has written, until an archive that starts has filled it in.
alter table archive add column peer text collate "C";
create index archive_peer on archive (owner, peer, position);
create index archive_peer_missing on archive (owner, position) where peer is null;

-- As archive_block: the newest entry of each owner's log that tells his preferences, for judging what comes behind it.
create table archive_preference (
  owner text collate "C" primary key references archive_owner on delete cascade,
  fallback smallint not null, -- contracts ARCHIVE_DEFAULT
  always text[] not null, -- prepared
  never text[] not null,
  roster text[] not null, -- bare JIDs, if the fallback goes by it
  position bigint not null,
  committed_at_ms bigint not null,
  entry_id text not null,
  envelope bytea not null
);
