-- What a client has read in the archive (XEP-0313) waits for nobody else; what is not in there still does.
alter table archive_offline add column read text not null default ''; -- as beyond: of these only what is of fate archived
