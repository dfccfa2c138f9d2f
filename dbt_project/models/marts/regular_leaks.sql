-- regular messages of the last leak_days that went to contacts who were not active on that day
with

sends as (

    select
        contact_id,
        sent_at,
        cast(sent_at as date) as sent_on
    from {{ ref('stg_esp__sends') }}
    where
        batch_key is null
        and {{ visible('sent_at') }}
        and sent_at >= {{ add_days(as_of_date(), '-' ~ var('leak_days')) }}

),

active_periods as (

    select * from {{ ref('int_active_periods') }}

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

-- before the first period nothing was known of the contact
judged as (

    select
        sends.contact_id,
        sends.sent_at,
        max(case when active_periods.starts_on <= sends.sent_on then 1 else 0 end) as was_known,
        max(
            case
                when active_periods.starts_on <= sends.sent_on and active_periods.ends_on > sends.sent_on
                    then 1
                else 0
            end
        ) as was_active
    from sends
    inner join contacts on sends.contact_id = contacts.contact_id
    inner join active_periods on sends.contact_id = active_periods.contact_id
    group by sends.contact_id, sends.sent_at

)

select
    contact_id,
    {{ as_of() }} as as_of,
    cast(count(*) as bigint) as messages,
    min(sent_at) as first_sent_at,
    max(sent_at) as last_sent_at
from judged
where
    was_known = 1
    and was_active = 0
group by contact_id
