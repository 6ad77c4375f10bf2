-- What has been written of each log: how far (with the rows, in one transaction), for which accounts, and the entries themselves.
create table archive_stream (
  stream int primary key,
  -- 16 bits of epoch, 48 of sequence; epoch 0 = no stream seen yet
  position bigint not null default 0,
  -- when the stream was made, Unix time in ms: another time means that it was made anew, and opens the next epoch
  created_at_ms bigint not null default 0
);

-- Which process archives a stream, until when unless it says so again. Two at once do no harm; none at all would.
create table archive_lease (
  stream int primary key,
  holder text not null,
  expires_at timestamptz not null
);

-- Accounts as the logs tell: from the entry of their creation to the one of their removal.
create table archive_owner (
  owner text collate "C" primary key, -- bare JID
  created bigint not null -- position
);

create table archive (
  owner text collate "C" not null,
  position bigint not null,
  committed_at_ms bigint not null,
  entry_id text not null,
  fate smallint not null,
  copy smallint not null,
  envelope bytea not null,
  primary key (owner, position)
);
create index archive_committed_at on archive using brin (committed_at_ms);
