-- Tokens by which clients log in again (XEP-0484), written behind the records that hold: for when those are lost. It goes with the account,
-- and at a new password.
create table fast_token (
  username text primary key references account on delete cascade,
  -- An older one never takes the place of a newer one.
  version bigint not null,
  tokens bytea not null -- contracts FastTokens
);
