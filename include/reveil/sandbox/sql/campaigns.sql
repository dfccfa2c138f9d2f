-- name: select
select
    campaigns.*,
    (select count(*) from campaign_views where campaign_id = campaigns.id) as views,
    (select count(*) from link_clicks where campaign_id = campaigns.id) as clicks,
    (select count(*) from bounces where campaign_id = campaigns.id) as bounces,
    (
        select json_group_array(json_object('id', list_id, 'name', list_name))
        from campaign_lists
        where campaign_id = campaigns.id
    ) as lists
from campaigns

-- name: insert
insert into campaigns (
    uuid, type, name, subject, from_email, body, altbody, content_type, send_at, headers, tags, attribs,
    template_id, messenger, created_at, updated_at
)
values (
    :uuid, :type, :name, :subject, :from_email, :body, :altbody, :content_type, :send_at, :headers, :tags, :attribs,
    :template_id, :messenger, :now, :now
);

-- name: update
update campaigns
set
    name = :name,
    subject = :subject,
    from_email = :from_email,
    body = :body,
    altbody = :altbody,
    content_type = :content_type,
    send_at = :send_at,
    headers = :headers,
    tags = :tags,
    attribs = :attribs,
    template_id = :template_id,
    messenger = :messenger,
    updated_at = :now
where id = :id;

-- name: forget_lists
delete from campaign_lists
where campaign_id = ?;

-- name: add_lists
-- a list that does not exist is left out without a word
insert into campaign_lists (campaign_id, list_id, list_name)
select :id, lists.id, lists.name
from lists
where lists.id in (select value from json_each(:lists))
order by lists.id;

-- name: set_status
update campaigns
set status = :status, updated_at = :now
where id = :id;

-- name: delete
delete from campaigns
where id = ?;

-- name: running
select id, status, to_send, sent, started_at, updated_at
from campaigns
where status = 'running'
order by id;

-- name: due
select id, send_at
from campaigns
where status = 'scheduled' and send_at <= ?
order by send_at, id
limit 1;

-- name: audience
-- who is on the campaign's lists, may be written to and has not been dealt with in this campaign
select distinct subscriber_lists.subscriber_id
from campaign_lists
inner join lists on campaign_lists.list_id = lists.id
inner join subscriber_lists on lists.id = subscriber_lists.list_id
inner join subscribers on subscriber_lists.subscriber_id = subscribers.id
where
    campaign_lists.campaign_id = :id
    and subscriber_lists.subscriber_id > :after
    and subscribers.status != 'blocklisted'
    and case lists.optin
        when 'double' then subscriber_lists.status = 'confirmed'
        else subscriber_lists.status != 'unsubscribed'
    end
    and not exists (
        select 1 from sent
        where sent.campaign_id = :id and sent.subscriber_id = subscriber_lists.subscriber_id
    )
order by subscriber_lists.subscriber_id
limit :limit;

-- name: begin
update campaigns
set started_at = :now, to_send = :to_send, updated_at = :now
where id = :id;

-- name: count_sent
-- contacts who join a list while its campaign runs are counted when they are sent to
update campaigns
set sent = sent + :sent, to_send = max(to_send, sent + :sent), updated_at = :now
where id = :id;

-- name: record_sent
insert into sent (campaign_id, subscriber_id, sent_at)
values (?, ?, ?);

-- name: record_test
insert into tests (email, subject, body, sent_at)
select email, :subject, :body, :now
from subscribers
where email in (select value from json_each(:emails));

-- name: tests
select email, subject, body, sent_at
from tests
order by id;

-- name: views_per
select campaign_id, count(*) as count, created_at / :width * :width as timestamp
from campaign_views
where campaign_id in (select value from json_each(:ids)) and created_at between :from and :to
group by campaign_id, timestamp
order by timestamp;

-- name: clicks_per
select campaign_id, count(*) as count, created_at / :width * :width as timestamp
from link_clicks
where campaign_id in (select value from json_each(:ids)) and created_at between :from and :to
group by campaign_id, timestamp
order by timestamp;

-- name: bounces_per
select campaign_id, count(*) as count, created_at / :width * :width as timestamp
from bounces
where campaign_id in (select value from json_each(:ids)) and created_at between :from and :to
group by campaign_id, timestamp
order by timestamp;

-- name: links_per
select links.url, count(*) as count
from link_clicks
inner join links on link_clicks.link_id = links.id
where link_clicks.campaign_id in (select value from json_each(:ids)) and link_clicks.created_at between :from and :to
group by links.url
order by count desc
limit 50;
