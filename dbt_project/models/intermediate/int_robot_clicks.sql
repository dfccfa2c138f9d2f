-- Clicks that no person made, whatever the provider says: within seconds of the delivery, or in a burst that
-- took every link of the message (docs/decisions/0019-which-clicks-are-a-robots.md). A verdict looks at one
-- calendar month, so that those of a closed month stand as long as nothing late lands in it.
with

clicks as (

    select
        esp,
        event_id,
        contact_id,
        -- a batch of ours, else the provider's campaign
        coalesce(batch_key, campaign, '') as message,
        url,
        occurred_at as clicked_at,
        cast(date_trunc('month', occurred_at) as date) as clicked_in
    from {{ ref('stg_esp__events') }}
    where
        event = 'clicked'
        and occurred_at >= {{ events_from() }}
        and {{ visible('occurred_at') }}

),

-- where the provider has no "delivered", the send stands for it
deliveries as (

    select
        esp,
        contact_id,
        coalesce(batch_key, campaign, '') as message,
        occurred_at as delivered_at
    from {{ ref('stg_esp__events') }}
    where
        event = 'delivered'
        and occurred_at >= {{ add_days(events_from(), -1) }}
        and {{ visible('occurred_at') }}
    union all
    select
        esp,
        contact_id,
        coalesce(batch_key, campaign, '') as message,
        sent_at as delivered_at
    from {{ ref('stg_esp__sends') }}
    where
        sent_at >= {{ add_days(events_from(), -1) }}
        and {{ visible('sent_at') }}

),

-- the day of a delivery that could have caused the click: with it in the join, a click meets the deliveries
-- of one day and not of years
clicks_by_day as (

    select
        *,
        cast(clicked_at as date) as delivered_on
    from clicks
    union all
    select
        *,
        {{ add_days('cast(clicked_at as date)', -1) }} as delivered_on
    from clicks
    where
        {{ seconds_between("date_trunc('day', clicked_at)", 'clicked_at') }}
        <= {{ var('robot_delivery_seconds') }}

),

at_delivery as (

    select
        clicks_by_day.esp,
        clicks_by_day.event_id
    from clicks_by_day
    inner join deliveries
        on
            clicks_by_day.contact_id = deliveries.contact_id
            and clicks_by_day.delivered_on = cast(deliveries.delivered_at as date)
            and clicks_by_day.message = deliveries.message
            and clicks_by_day.esp = deliveries.esp
            and clicks_by_day.clicked_at >= deliveries.delivered_at
    where
        {{ seconds_between('deliveries.delivered_at', 'clicks_by_day.clicked_at') }}
        <= {{ var('robot_delivery_seconds') }}

),

-- the links of a message are those that anybody clicked in it that month
links_per_message as (

    select
        esp,
        message,
        clicked_in,
        count(distinct url) as links
    from clicks
    group by esp, message, clicked_in
    having count(distinct url) >= {{ var('robot_links') }}

),

links_per_contact as (

    select
        esp,
        message,
        clicked_in,
        contact_id,
        count(distinct url) as links
    from clicks
    group by esp, message, clicked_in, contact_id
    having count(distinct url) >= {{ var('robot_links') }}

),

-- only who clicked every link at some time can have done so in one burst
of_every_link as (

    select
        clicks.*,
        links_per_message.links,
        lag(clicks.clicked_at) over (
            partition by clicks.esp, clicks.message, clicks.clicked_in, clicks.contact_id
            order by clicks.clicked_at, clicks.event_id
        ) as click_before_at
    from links_per_message
    inner join links_per_contact
        on
            links_per_message.esp = links_per_contact.esp
            and links_per_message.message = links_per_contact.message
            and links_per_message.clicked_in = links_per_contact.clicked_in
            and links_per_message.links = links_per_contact.links
    inner join clicks
        on
            links_per_contact.contact_id = clicks.contact_id
            and links_per_contact.message = clicks.message
            and links_per_contact.esp = clicks.esp
            and links_per_contact.clicked_in = clicks.clicked_in

),

numbered as (

    select
        *,
        sum(
            case
                when
                    {{ seconds_between('click_before_at', 'clicked_at') }}
                    <= {{ var('robot_burst_seconds') }}
                    then 0
                else 1
            end
        ) over (
            partition by esp, message, clicked_in, contact_id
            order by clicked_at, event_id
            rows between unbounded preceding and current row
        ) as burst
    from of_every_link

),

bursts as (

    select
        esp,
        message,
        clicked_in,
        contact_id,
        burst
    from numbered
    group by esp, message, clicked_in, contact_id, burst, links
    having count(distinct url) = links

)

select
    esp,
    event_id
from at_delivery
union
select
    numbered.esp,
    numbered.event_id
from numbered
inner join bursts
    on
        numbered.contact_id = bursts.contact_id
        and numbered.message = bursts.message
        and numbered.esp = bursts.esp
        and numbered.clicked_in = bursts.clicked_in
        and numbered.burst = bursts.burst
