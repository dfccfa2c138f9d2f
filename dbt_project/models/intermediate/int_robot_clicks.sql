-- Clicks that no person made, whatever the provider says: within seconds of the delivery, or in a burst that
-- took every link of the message (docs/decisions/0019-which-clicks-are-a-robots.md). A verdict looks at one
-- calendar month, so that those of a closed month stand as long as nothing late lands in it. A campaign's own
-- messages are judged over the whole past, for the path of an enrolment hangs on them.
with

clicks as (

    select
        esp,
        event_id,
        contact_id,
        -- a batch of ours, else the provider's campaign
        coalesce(batch_key, campaign, '') as message,
        -- a number is compared faster than an address
        case when url is not null then {{ fingerprint(['url']) }} end as link,
        occurred_at as clicked_at,
        cast(date_trunc('month', occurred_at) as date) as clicked_in
    from {{ recent_or_of_campaigns(ref('stg_esp__events'), 'occurred_at', events_from()) }}
    where
        event = 'clicked'
        and {{ visible('occurred_at') }}

),

-- where the provider has no "delivered", the send stands for it
deliveries as (

    select
        esp,
        contact_id,
        coalesce(batch_key, campaign, '') as message,
        occurred_at as delivered_at
    from {{ recent_or_of_campaigns(
        ref('stg_esp__events'), 'occurred_at', add_days(events_from(), -1)
    ) }}
    where
        event = 'delivered'
        and {{ visible('occurred_at') }}
    union all
    select
        esp,
        contact_id,
        coalesce(batch_key, campaign, '') as message,
        sent_at as delivered_at
    from {{ recent_or_of_campaigns(ref('stg_esp__sends'), 'sent_at', add_days(events_from(), -1)) }}
    where {{ visible('sent_at') }}

),

-- contacts and hours in which a delivery could have caused a click, each as one number: that leaves few
-- deliveries to be held against the clicks themselves
hours_with_clicks as (

    select {{ fingerprint(['contact_id', hour_number('clicked_at')]) }} as contact_hour
    from clicks
    union all
    -- few clicks are so early in their hour that the delivery can be of the hour before
    select
        {{ fingerprint(
            ['contact_id', hour_number('clicked_at', var('robot_delivery_seconds'))]
        ) }} as contact_hour
    from clicks
    where
        {{ hour_number('clicked_at', var('robot_delivery_seconds')) }}
        < {{ hour_number('clicked_at') }}

),

near_deliveries as (

    select * from deliveries
    where
        {{ fingerprint(['contact_id', hour_number('delivered_at')]) }}
        in (select contact_hour from hours_with_clicks)

),

at_delivery as (

    select
        clicks.esp,
        clicks.event_id
    from clicks
    inner join near_deliveries
        on
            clicks.contact_id = near_deliveries.contact_id
            and clicks.message = near_deliveries.message
            and clicks.esp = near_deliveries.esp
            and clicks.clicked_at >= near_deliveries.delivered_at
    where
        {{ seconds_between('near_deliveries.delivered_at', 'clicks.clicked_at') }}
        <= {{ var('robot_delivery_seconds') }}

),

-- the links of a message are those that anybody clicked in it that month
links_per_message as (

    select
        esp,
        message,
        clicked_in,
        count(distinct link) as links
    from clicks
    group by esp, message, clicked_in
    having count(distinct link) >= {{ var('robot_links') }}

),

clicked_again as (

    select {{ fingerprint(['esp', 'message', 'clicked_in', 'contact_id']) }} as passage
    from clicks
    group by {{ fingerprint(['esp', 'message', 'clicked_in', 'contact_id']) }}
    having count(*) >= {{ var('robot_links') }}

),

links_per_contact as (

    select
        esp,
        message,
        clicked_in,
        contact_id,
        count(distinct link) as links
    from clicks
    where
        {{ fingerprint(['esp', 'message', 'clicked_in', 'contact_id']) }}
        in (select passage from clicked_again)
    group by esp, message, clicked_in, contact_id
    having count(distinct link) >= {{ var('robot_links') }}

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
    having count(distinct link) = links

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
