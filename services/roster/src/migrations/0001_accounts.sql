-- Accounts, what is needed to check a SCRAM login (never a password), and the notices that the accounts' logs still have to get.
create table account (
  username text primary key, -- bare JID, prepared
  created_at timestamptz not null default now()
);

create table account_key (
  username text not null references account on delete cascade,
  mechanism text not null,
  salt bytea not null,
  iterations int not null check (iterations >= 4096),
  stored_key bytea not null,
  server_key bytea not null,
  primary key (username, mechanism)
);

create table account_notice (
  id bigint generated always as identity primary key,
  username text not null,
  kind smallint not null
);
create index account_notice_username on account_notice (username, id);

-- Secrets of the cluster that are made once.
create table roster_secret (
  name text primary key,
  value bytea not null
);
