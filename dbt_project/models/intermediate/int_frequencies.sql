{{ config(materialized='view') }}

-- how often a contact last asked to be written to: as the CRM says, or by a click on an answer of a campaign.
-- Who marks messages as hardly relevant gets the monthly one, unless they asked for less.
with

clicks as (

    select * from {{ ref('int_campaign_clicks') }}

),

preferences as (

    select
        contact_id,
        set_at,
        frequency,
        relevance
    from {{ ref('stg_crm__preferences') }}
    where {{ visible('set_at') }}
    union all
    select
        contact_id,
        clicked_at as set_at,
        frequency,
        relevance
    from clicks
    where is_answer

),

wishes as (

    select
        contact_id,
        frequency,
        set_at,
        row_number() over (partition by contact_id order by set_at desc, frequency asc) as newest
    from preferences
    where frequency is not null

),

marks as (

    select
        contact_id,
        relevance,
        set_at,
        row_number() over (partition by contact_id order by set_at desc, relevance asc) as newest
    from preferences
    where relevance is not null

),

low_marks as (

    select * from marks
    where
        newest = 1
        and relevance <= {{ var('low_relevance') }}

),

last_wishes as (

    select * from wishes
    where newest = 1

)

select
    coalesce(last_wishes.contact_id, low_marks.contact_id) as contact_id,
    case
        when low_marks.contact_id is null then last_wishes.frequency
        when last_wishes.contact_id is null then 'monthly'
        when
            low_marks.set_at > last_wishes.set_at
            and last_wishes.frequency not in ('quarterly', 'never')
            then 'monthly'
        else last_wishes.frequency
    end as frequency
from last_wishes
full outer join low_marks on last_wishes.contact_id = low_marks.contact_id
