with

retention as (

    select * from {{ ref('int_retention') }}

),

requests as (

    select * from {{ ref('int_erasure_requests') }}

),

periods as (

    select * from {{ ref('retention_periods') }}

),

-- the period of the contact's own line, else that of all lines
months_kept as (

    select
        retention.*,
        coalesce(own_period.months, any_period.months) as months
    from retention
    left join periods as own_period on retention.business_line = own_period.business_line
    left join periods as any_period on any_period.business_line = '*'

),

clocks as (

    select
        *,
        greatest(
            {{ add_months('last_contact_at', 'months') }},
            -- an open dispute or a running subscription postpones the end
            coalesce(cast(hold_until as date), cast(last_contact_at as date))
        ) as retention_due_on
    from months_kept

),

due as (

    select
        clocks.contact_id,
        clocks.last_contact_at,
        clocks.last_contact_signal,
        case when requests.contact_id is not null then 'request' else 'retention' end as reason,
        case
            when requests.contact_id is null then clocks.retention_due_on
            -- a request has one month, and is never later than the clock that runs anyway
            else least({{ add_months('requests.requested_at', 1) }}, clocks.retention_due_on)
        end as due_on
    from clocks
    left join requests on clocks.contact_id = requests.contact_id

)

select
    contact_id,
    {{ as_of() }} as as_of,
    reason,
    last_contact_at,
    last_contact_signal,
    due_on,
    greatest({{ days_between('due_on', as_of_date()) }}, 0) as days_overdue
from due
where
    -- a request is acted on at once, without waiting for its last day
    reason = 'request'
    or due_on <= {{ add_days(as_of_date(), var('ahead_days')) }}
