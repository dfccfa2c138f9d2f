-- what a contact of a campaign did that comes from the person, whatever led to it: purchases, logins, stated
-- preferences, and clicks in campaign messages with the batch that they are of
with

enrolled as (

    select distinct contact_id from {{ ref('stg_journal__batch_contacts') }}
    where {{ visible('planned_as_of') }}

),

acts as (

    select
        contact_id,
        'purchase' as act,
        cast(null as string) as batch_key,
        ordered_at as acted_at
    from {{ ref('int_orders') }}
    where is_purchase
    union all
    select
        contact_id,
        'login' as act,
        cast(null as string) as batch_key,
        logged_in_at as acted_at
    from {{ ref('int_logins') }}
    union all
    select
        contact_id,
        'preference' as act,
        cast(null as string) as batch_key,
        set_at as acted_at
    from {{ ref('stg_crm__preferences') }}
    where {{ visible('set_at') }}
    union all
    select
        contact_id,
        'click' as act,
        batch_key,
        clicked_at as acted_at
    from {{ ref('int_campaign_clicks') }}

)

select acts.*
from acts
inner join enrolled on acts.contact_id = enrolled.contact_id
