-- Synthetic reactions to the newsletters. People differ in how much they open, and open more
-- when they bought lately; some mail programs open by themselves.

create table delivered as
with

activity as (

    select
        contact_id,
        signed_up_at as active_at
    from people
    union all
    select
        contact_id,
        ordered_at as active_at
    from orders
    where status = 'paid'

),

letters_read as (

    select
        sent.contact_id,
        sent.campaign,
        sent.letter,
        sent.sent_at + seconds(2, 120, chance('transit', sent.letter)) as delivered_at,
        date_diff('day', activity.active_at, sent.sent_at) as days_since,
        0.03 + pow(chance('interest', sent.contact_id), 2) as interest
    from sent
    asof inner join activity
        on sent.contact_id = activity.contact_id and sent.sent_at >= activity.active_at
    where coalesce(sent.fate not in ('bounced_hard', 'bounced_soft'), true)

)

select
    contact_id,
    campaign,
    letter,
    delivered_at,
    -- decimal: the sum is the same in any order
    cast(interest * (0.25 + 0.75 * exp(-days_since / 120.0)) as decimal(9, 6)) as open_weight
from letters_read;

create table first_opens as
with

drawn as (

    select
        *,
        chance('opened', letter) * sum(open_weight) over () / open_weight as opened
    from delivered

),

opened as (

    select
        drawn.contact_id,
        drawn.campaign,
        drawn.letter,
        drawn.delivered_at,
        case
            when
                chance('actor', drawn.letter) < 0.75
                and (people.domain = 'icloud.example' or chance('mail program', drawn.contact_id) < 0.12)
                then 'machine'
            when chance('actor', drawn.letter) > 0.95 then 'unknown'
            else 'human'
        end as actor
    from drawn
    inner join people on drawn.contact_id = people.contact_id
    where drawn.opened < getvariable('opened_rate') * (select count(*) from sent)

)

select
    *,
    -- a program opens within the half hour; people within 20 hours on average, at most 13 days
    delivered_at + case actor
        when 'machine' then seconds(30, 1800, chance('delay', letter))
        else seconds(60, 72060, least(-ln(1 - chance('delay', letter)), 15.6))
    end as occurred_at
from opened;

-- most clicks come from people who opened; a few from programs that show no images
create table clicks as
with

readers as (

    select
        delivered.contact_id,
        delivered.campaign,
        delivered.letter,
        delivered.delivered_at,
        first_opens.occurred_at as opened_at,
        case first_opens.actor when 'human' then 1 else 0.004 end as click_weight,
        chance('scanner', delivered.letter) < 0.03 as is_scanner
    from delivered
    left join first_opens on delivered.letter = first_opens.letter

),

drawn as (

    select
        *,
        chance('clicked', letter) * sum(click_weight) over () / click_weight as clicked
    from readers

)

select
    contact_id,
    campaign,
    case when is_scanner then 'machine' else 'human' end as actor,
    case
        when is_scanner then delivered_at + interval 2 second
        else
            coalesce(opened_at, delivered_at + interval 3 hour)
            + seconds(4, 304, chance('click delay', letter))
    end as occurred_at,
    'https://shop.example/news/' || campaign || '/'
    || cast(1 + floor(6 * chance('link', letter)) as int) as url
from drawn
where clicked < getvariable('clicked_rate') * (select count(*) from sent);

create table landing.esp_events as
with

events as (

    select
        contact_id,
        campaign,
        'delivered' as event,
        delivered_at as occurred_at,
        null as actor,
        null as url
    from delivered
    union all
    select
        contact_id,
        campaign,
        'opened' as event,
        occurred_at,
        actor,
        null as url
    from first_opens
    union all
    -- some come back to a message
    select
        contact_id,
        campaign,
        'opened' as event,
        occurred_at + seconds(60, 259200, chance('again', letter)) as occurred_at,
        actor,
        null as url
    from first_opens
    where actor = 'human' and chance('opened again', letter) < 0.15
    union all
    select
        contact_id,
        campaign,
        'clicked' as event,
        occurred_at,
        actor,
        url
    from clicks
    union all
    select
        contact_id,
        campaign,
        fate as event,
        sent_at + seconds(1, 600, chance('bounce', letter)) as occurred_at,
        null as actor,
        null as url
    from sent
    where fate in ('bounced_hard', 'bounced_soft')
    union all
    select
        contact_id,
        campaign,
        fate as event,
        sent_at + seconds(300, 345600, chance('objected', letter)) as occurred_at,
        'human' as actor,
        null as url
    from sent
    where fate in ('unsubscribed', 'complained')

),

numbered as (

    select
        events.*,
        row_number() over (
            order by events.occurred_at, events.contact_id, events.event, events.campaign
        ) as number
    from events, period
    where events.occurred_at < period.end_instant

)

select
    'sandbox' as esp,
    getvariable('business_line') || '-' || cast(number as varchar) as event_id,
    contact_id,
    campaign,
    cast(null as varchar) as batch_key,
    event,
    occurred_at,
    actor,
    url
from numbered
order by number;
