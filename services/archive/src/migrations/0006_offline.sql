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
