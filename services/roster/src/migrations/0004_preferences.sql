-- What accounts want to have archived (XEP-0441), here since it may go by the roster. It goes with the account.
create table archive_preference_list (
  username text primary key references account on delete cascade,
  -- The id of the notice about the last change, as in block_list.
  version bigint not null,
  fallback smallint not null, -- contracts ARCHIVE_DEFAULT
  always text[] not null, -- prepared
  never text[] not null
);
