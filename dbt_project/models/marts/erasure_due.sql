with

clocks as (

    select * from {{ ref('retention_clock') }}

),

requests as (

    select * from {{ ref('int_erasure_requests') }}

),

due as (

    select
        clocks.contact_id,
        clocks.last_contact_at,
        clocks.last_contact_signal,
        case when requests.contact_id is not null then 'request' else 'retention' end as reason,
        case
            when requests.contact_id is null then clocks.due_on
            -- a request has one month, and is never later than the clock that runs anyway
            else least({{ add_months('requests.requested_at', 1) }}, clocks.due_on)
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
