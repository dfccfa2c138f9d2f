-- name: incoming_table
create temporary table if not exists incoming (
    position integer primary key,
    uuid text not null,
    email text not null unique,
    name text not null,
    attribs text not null
);

-- name: clear
delete from incoming;

-- name: stage
insert into incoming (position, uuid, email, name, attribs)
values (?, ?, ?, ?, ?);

-- name: upsert
insert into subscribers (uuid, email, name, attribs, status, created_at, updated_at)
select uuid, email, name, attribs, 'enabled', :now, :now
from incoming
where true
order by position
on conflict (email) do update
set
    name = case when :overwrite then excluded.name else subscribers.name end,
    attribs = case when :overwrite then excluded.attribs else subscribers.attribs end,
    updated_at = excluded.updated_at;

-- name: subscribe
-- a blocklisted subscriber joins a list as unsubscribed; what is there already keeps its status unless told otherwise
insert into subscriber_lists (list_id, subscriber_id, status, created_at, updated_at)
select
    lists.id,
    subscribers.id,
    case subscribers.status when 'blocklisted' then 'unsubscribed' else :status end,
    :now,
    :now
from lists
cross join incoming
inner join subscribers on incoming.email = subscribers.email
where lists.id in (select value from json_each(:lists))
order by lists.id, subscribers.id
on conflict (list_id, subscriber_id) do update
set
    updated_at = excluded.updated_at,
    status = case when :overwrite_status then excluded.status else subscriber_lists.status end;

-- name: blocklist
insert into subscribers (uuid, email, name, attribs, status, created_at, updated_at)
select uuid, email, name, attribs, 'blocklisted', :now, :now
from incoming
where true
order by position
on conflict (email) do update
set status = 'blocklisted', updated_at = excluded.updated_at;

-- name: unsubscribe
update subscriber_lists
set status = 'unsubscribed', updated_at = :now
where
    subscriber_id in (
        select subscribers.id
        from incoming
        inner join subscribers on incoming.email = subscribers.email
    );
