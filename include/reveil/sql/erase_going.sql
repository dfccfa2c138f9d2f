create temp table going as
select contact_id from erasing where contact_id not in (select contact_id from kept)
