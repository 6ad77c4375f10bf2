-- The entries by the time of their commit, so that retention drops tables and deletes no rows. What there was becomes the first of them.
set local statement_timeout = 0;

-- Which partition holds which times. Where they lie depends on a setting that may change: none overlaps one that is there.
create table archive_partition (
  lower_ms bigint primary key, -- inclusive, Unix time
  upper_ms bigint not null, -- exclusive
  name text not null unique
);

alter table archive rename to archive_first;
alter table archive_first drop constraint archive_pkey;
create table archive (like archive_first including all) partition by range (committed_at_ms);
alter table archive add primary key (owner, position, committed_at_ms);

do $$
declare
  ends bigint;
begin
  select max(committed_at_ms) + 1 into ends from archive_first;
  if ends is null then
    drop table archive_first;
  else
    execute format('alter table archive attach partition archive_first for values from (0) to (%s)', ends);
    insert into archive_partition values (0, ends, 'archive_first');
  end if;
end
$$;
