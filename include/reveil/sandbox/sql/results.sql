-- name: export_views
select
    coalesce(campaign_views.campaign_id, 0),
    coalesce(campaigns.uuid, ''),
    coalesce(campaigns.name, ''),
    coalesce(campaign_views.subscriber_id, 0),
    coalesce(subscribers.uuid, ''),
    coalesce(subscribers.email, ''),
    coalesce(subscribers.name, ''),
    campaign_views.created_at
from campaign_views
left join campaigns on campaign_views.campaign_id = campaigns.id
left join subscribers on campaign_views.subscriber_id = subscribers.id
where campaign_views.created_at >= ?
order by campaign_views.id;

-- name: export_clicks
select
    coalesce(link_clicks.campaign_id, 0),
    coalesce(campaigns.uuid, ''),
    coalesce(campaigns.name, ''),
    coalesce(link_clicks.subscriber_id, 0),
    coalesce(subscribers.uuid, ''),
    coalesce(subscribers.email, ''),
    coalesce(subscribers.name, ''),
    links.url,
    link_clicks.created_at
from link_clicks
inner join links on link_clicks.link_id = links.id
left join campaigns on link_clicks.campaign_id = campaigns.id
left join subscribers on link_clicks.subscriber_id = subscribers.id
where link_clicks.created_at >= ?
order by link_clicks.id;

-- name: bounces
select
    bounces.*,
    campaigns.name as campaign_name,
    subscribers.email,
    subscribers.uuid as subscriber_uuid,
    subscribers.status as subscriber_status
from bounces
inner join subscribers on bounces.subscriber_id = subscribers.id
left join campaigns on bounces.campaign_id = campaigns.id
where
    (:campaign_id = 0 or bounces.campaign_id = :campaign_id)
    and (:source = '' or bounces.source = :source)

-- name: sent
select
    sent.id,
    sent.campaign_id,
    coalesce(campaigns.name, '') as campaign,
    sent.subscriber_id,
    coalesce(subscribers.email, '') as email,
    sent.sent_at
from sent
left join campaigns on sent.campaign_id = campaigns.id
left join subscribers on sent.subscriber_id = subscribers.id
where
    sent.sent_at is not null
    and (:campaign = '' or campaigns.name = :campaign)
order by sent.id
limit :limit offset :offset;

-- name: count_sent
select count(*)
from sent
left join campaigns on sent.campaign_id = campaigns.id
where
    sent.sent_at is not null
    and (:campaign = '' or campaigns.name = :campaign);
