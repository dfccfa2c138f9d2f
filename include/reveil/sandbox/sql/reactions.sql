-- name: decide
insert into pending (due, campaign_id, subscriber_id, kind, link_id)
values (?, ?, ?, ?, ?);

-- name: opens
insert into campaign_views (campaign_id, subscriber_id, created_at)
select pending.campaign_id, case when :tracking then subscribers.id end, pending.due
from pending
left join subscribers on pending.subscriber_id = subscribers.id
where pending.due <= :until and pending.kind = 'opened'
order by pending.due, pending.id;

-- name: clicks
insert into link_clicks (campaign_id, link_id, subscriber_id, created_at)
select pending.campaign_id, pending.link_id, case when :tracking then subscribers.id end, pending.due
from pending
left join subscribers on pending.subscriber_id = subscribers.id
where pending.due <= :until and pending.kind = 'clicked'
order by pending.due, pending.id;

-- name: objections
select pending.due, pending.campaign_id, pending.subscriber_id, pending.kind
from pending
inner join subscribers on pending.subscriber_id = subscribers.id
where pending.due <= :until and pending.kind not in ('opened', 'clicked')
order by pending.due, pending.id;

-- name: forget
delete from pending
where due <= ?;

-- name: add_link
insert into links (uuid, url)
values (?, ?)
on conflict (url) do nothing;

-- name: bounces_so_far
select count(*) from bounces
where subscriber_id = ? and type = ?;

-- name: add_bounce
insert into bounces (subscriber_id, campaign_id, type, source, meta, created_at)
values (:subscriber_id, :campaign_id, :type, :source, :meta, :created_at);

-- name: block_bounced
-- unlike a blocklisting by hand this moves neither updated_at nor the subscriptions
update subscribers
set status = 'blocklisted'
where id = ?;

-- name: add_view
insert into campaign_views (campaign_id, subscriber_id, created_at)
values (?, ?, ?);

-- name: add_click
insert into link_clicks (campaign_id, link_id, subscriber_id, created_at)
values (?, ?, ?, ?);
