-- What accounts keep beside their rosters: private XML (XEP-0049), a vCard (XEP-0054), when they were last seen (XEP-0012); and whom
-- they have blocked (XEP-0191), with what their logs still have to be told of it. All of it goes with the account.
create table private_xml (
  username text not null references account on delete cascade,
  ns text not null,
  name text not null,
  xml bytea not null,
  primary key (username, ns, name)
);

create table vcard (
  username text primary key references account on delete cascade,
  xml bytea not null
);

create table last_activity (
  username text primary key references account on delete cascade,
  at_ms bigint not null,
  status text not null
);

create table block_list (
  username text primary key references account on delete cascade,
  -- The id of the notice about its last change: it rises for ever, also when the account is created again.
  version bigint not null,
  jids text[] not null -- prepared
);

-- Of a notice about a block list: the whole list, as it stands in the log.
alter table account_notice add column payload bytea not null default '';
