-- Which archive has which stream is a matter of the group's membership document (packages/owners), not of the database.
drop table archive_lease;
