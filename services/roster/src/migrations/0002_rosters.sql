-- Rosters (RFC 6121 §2), requests for a subscription that wait (§3.1.3), and whose contacts have still to be told that he is gone.
-- A roster is a part of its account's row, so that every account has one, whichever release created it, and one lock does for both.
alter table account
  -- Another one for an account of the same name that is created later: no version of the old one is one of the new.
  add column lineage text not null default left(replace(gen_random_uuid()::text, '-', ''), 16),
  add column roster_version bigint not null default 0,
  -- Differences from versions below this one are not known any more.
  add column roster_pruned bigint not null default 0;

create table roster_item (
  username text not null references account on delete cascade,
  jid text not null, -- prepared
  name text not null,
  groups text[] not null,
  subscription smallint not null check (subscription between 0 and 3), -- contracts SUBSCRIPTION
  ask boolean not null,
  approved boolean not null,
  removed boolean not null, -- a trace of an item that is gone, for differences
  changed bigint not null, -- the version that its last change made
  primary key (username, jid),
  check (not (ask and subscription in (1, 3)))
);
create index roster_item_removed on roster_item (username, changed) where removed;
-- Who has a removed account for a contact.
create index roster_item_jid on roster_item (jid) where not removed;

create table roster_request (
  id bigint generated always as identity,
  username text not null references account on delete cascade,
  contact text not null,
  stanza bytea not null,
  primary key (username, contact)
);
create index roster_request_contact on roster_request (contact);

-- Accounts that are removed and whose contacts do not all know of it yet; their names are not free until then.
create table roster_farewell (
  username text primary key
);
