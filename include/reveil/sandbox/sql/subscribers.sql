-- name: by_ids
select id, uuid, email, name, attribs, status, created_at, updated_at
from subscribers
where id in (select value from json_each(?));

-- name: subscriptions_of
select subscriber_id, list_id, status, created_at, updated_at
from subscriber_lists
where subscriber_id in (select value from json_each(?))
order by subscriber_id, list_id;

-- name: insert
insert into subscribers (uuid, email, name, attribs, status, created_at, updated_at)
values (:uuid, :email, :name, :attribs, :status, :now, :now);

-- name: update
update subscribers
set email = :email, name = :name, attribs = :attribs, status = :status, updated_at = :now
where id = :id;

-- name: subscribe
insert into subscriber_lists (list_id, subscriber_id, status, created_at, updated_at)
select lists.id, subscribers.id, :status, :now, :now
from subscribers
cross join lists
where
    subscribers.id in (select value from json_each(:ids))
    and lists.id in (select value from json_each(:lists))
on conflict (list_id, subscriber_id) do update
set status = case when :replace then excluded.status else subscriber_lists.status end;

-- name: unsubscribe
update subscriber_lists
set status = 'unsubscribed', updated_at = :now
where
    subscriber_id in (select value from json_each(:ids))
    and list_id in (select value from json_each(:lists));

-- name: remove
delete from subscriber_lists
where
    subscriber_id in (select value from json_each(:ids))
    and list_id in (select value from json_each(:lists));

-- name: keep_only
delete from subscriber_lists
where
    subscriber_id = :id
    and list_id not in (select value from json_each(:lists));

-- name: blocklist
update subscribers
set status = 'blocklisted', updated_at = :now
where id in (select value from json_each(:ids));

-- name: unsubscribe_everywhere
update subscriber_lists
set status = 'unsubscribed', updated_at = :now
where subscriber_id in (select value from json_each(:ids));

-- name: leave_everything
update subscriber_lists
set status = 'unsubscribed', updated_at = :now
where subscriber_id = :id and status != 'unsubscribed';

-- name: unsubscribe_from_campaign
-- a one-click unsubscribe leaves the lists of its campaign only
update subscriber_lists
set status = 'unsubscribed', updated_at = :now
where
    subscriber_id = :id
    and status != 'unsubscribed'
    and list_id in (select list_id from campaign_lists where campaign_id = :campaign_id);

-- name: delete
delete from subscribers
where id in (select value from json_each(?));

-- name: views_of
select
    campaigns.id,
    campaigns.uuid,
    campaigns.name,
    campaigns.subject,
    count(*) as views,
    max(campaign_views.created_at) as last_at
from campaign_views
inner join campaigns on campaign_views.campaign_id = campaigns.id
where campaign_views.subscriber_id = ?
group by campaigns.id
order by campaigns.id;

-- name: clicks_of
select
    links.id as link_id,
    links.url,
    campaigns.id,
    campaigns.uuid,
    campaigns.name,
    campaigns.subject,
    count(*) as clicks,
    max(link_clicks.created_at) as last_at
from link_clicks
inner join links on link_clicks.link_id = links.id
left join campaigns on link_clicks.campaign_id = campaigns.id
where link_clicks.subscriber_id = ?
group by links.id, campaigns.id
order by links.id, campaigns.id;
