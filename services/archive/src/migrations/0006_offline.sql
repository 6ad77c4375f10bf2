-- Offline (XEP-0160) is what no session has covered: of each account up to where everything is covered, and what is beyond a hole. Who has no
-- row has covered nothing since the account was made.
create table archive_offline (
  owner text collate "C" primary key references archive_owner on delete cascade,
  position bigint not null, -- all up to here is covered
  beyond text not null default '' -- 'after-upto after-upto …', positions, in order: covered as well
);

-- Whoever has been here before has had what was sent to him then.
insert into archive_offline (owner, position)
  select owner, max(position) from archive join archive_owner using (owner) group by owner;

alter table archive_owner
  -- too many messages wait: none is added
  add column over_quota boolean not null default false,
  -- how long messages are kept, in ms: 0 = for ever, null = as all others
  add column retention_ms bigint;
create index archive_owner_over_quota on archive_owner (owner) where over_quota;
create index archive_owner_retention on archive_owner (retention_ms) where retention_ms is not null;

-- Messages of fate passing: erased when somebody has got them.
create index archive_passing on archive (owner, position) where fate = 1;
