with

messages as (

    select * from {{ ref('int_campaign_messages') }}

),

campaigns as (

    select * from {{ ref('stg_rules__campaigns') }}

),

-- a purchase belongs to the last message before it, within the days that a campaign is given to convert
spans as (

    select
        messages.*,
        least(
            coalesce(
                messages.next_messaged_at,
                {{ days_later('messages.messaged_at', 'coalesce(campaigns.conversion_days, 90)') }}
            ),
            {{ days_later('messages.messaged_at', 'coalesce(campaigns.conversion_days, 90)') }}
        ) as converts_until
    from messages
    left join campaigns on messages.campaign = campaigns.campaign

),

purchases as (

    select
        spans.batch_key,
        spans.contact_id,
        count(*) as orders,
        sum(orders.amount) as revenue
    from spans
    inner join {{ ref('int_orders') }} as orders
        on
            spans.contact_id = orders.contact_id
            and spans.messaged_at <= orders.ordered_at
            and spans.converts_until > orders.ordered_at
    where
        orders.is_purchase
        and coalesce(spans.outcome, '') <> 'refused'
    group by spans.batch_key, spans.contact_id

)

select
    spans.contact_id,
    {{ as_of() }} as as_of,
    spans.campaign,
    spans.enrolment,
    spans.step,
    spans.batch_key,
    spans.messaged_at,
    coalesce(spans.outcome, '') <> 'refused' as sent,
    spans.delivered_at is not null as delivered,
    spans.opened_at is not null as opened,
    spans.clicked_at is not null as clicked,
    purchases.contact_id is not null as purchased,
    cast(coalesce(purchases.revenue, 0) as decimal(18, 2)) as revenue,
    cast(spans.offer_cost as decimal(18, 2)) as spend_committed,
    case when spans.is_read then spans.reaction end as reaction,
    spans.outcome
from spans
left join purchases
    on
        spans.batch_key = purchases.batch_key
        and spans.contact_id = purchases.contact_id
