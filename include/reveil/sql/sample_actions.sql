-- Synthetic things that people do beside buying: logins, preferences, messages, erasure requests.

create table landing.crm_logins as
with

around_purchases as (

    select
        orders.contact_id,
        greatest(
            people.signed_up_at,
            orders.ordered_at - seconds(300, 2700, chance('before the order', orders.order_id))
        ) as logged_in_at
    from orders
    inner join people on orders.contact_id = people.contact_id
    where orders.status = 'paid' and chance('logged in', orders.order_id) < 0.6

),

visits as (

    select
        contact_id,
        signed_up_at,
        unnest(range(cast(floor(4 * pow(chance('visits', contact_id), 4)) as bigint))) as visit
    from people

),

at_other_times as (

    select
        visits.contact_id,
        moment(
            visits.signed_up_at, period.end_instant, chance('visit', visits.contact_id || '/' || visits.visit)
        ) as logged_in_at
    from visits, period

),

logins as (

    select * from around_purchases
    union
    select * from at_other_times

)

select
    contact_id,
    logged_in_at
from logins
order by logged_in_at, contact_id;

create table landing.crm_preferences as
select
    contact_id,
    moment(signed_up_at, end_instant, chance('preference', contact_id)) as set_at,
    case
        when chance('frequency', contact_id) < 0.20 then 'weekly'
        when chance('frequency', contact_id) < 0.70 then 'monthly'
        when chance('frequency', contact_id) < 0.92 then 'quarterly'
        else 'never'
    end as frequency,
    1 + cast(floor(5 * chance('relevance', contact_id)) as smallint) as relevance
from people, period
where chance('has preference', contact_id) < 0.015
order by set_at, contact_id;

create table landing.crm_interactions as
select
    contact_id,
    moment(signed_up_at, end_instant, chance('interaction', contact_id)) as occurred_at,
    pick(
        ['message', 'store visit', 'service ticket', 'subscription'], chance('kind', contact_id)
    ) as interaction
from people, period
where chance('has interaction', contact_id) < 0.015
order by occurred_at, contact_id;

-- three people, from the middle of the row, ask within the last three weeks; the third by address alone
create table landing.crm_erasure_requests as
with

asking as (

    select
        *,
        place - people // 2 as number
    from people
    where place - people // 2 between 1 and 3

)

select
    'R' || cast(number as varchar) as request_id,
    case when number < 3 then contact_id end as contact_id,
    case when number = 3 then email end as email,
    moment(
        greatest(signed_up_at, end_instant - interval 21 day), end_instant, chance('erasure', contact_id)
    ) as requested_at,
    pick(['email', 'form', 'phone'], chance('channel', contact_id)) as channel
from asking, period
order by request_id;
