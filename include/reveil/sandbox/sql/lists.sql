-- name: all
select * from lists;

-- name: one
select * from lists
where id = ?;

-- name: counts
select list_id, status, count(*) as subscribers
from subscriber_lists
group by list_id, status;

-- name: insert
insert into lists (uuid, name, type, optin, tags, description, created_at, updated_at)
values (:uuid, :name, :type, :optin, :tags, :description, :now, :now);

-- name: delete
delete from lists
where id in (select value from json_each(?));

-- name: touch
update lists
set updated_at = :now
where id in (select value from json_each(:lists));
