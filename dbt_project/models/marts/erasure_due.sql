with

clocks as (

    select * from {{ ref('retention_clock') }}

),

requests as (

    select * from {{ ref('int_erasure_requests') }}

),

-- the latest goodbye that ended in silence, where its campaign says that silence erases early
goodbyes as (

    select
        enrolments.contact_id,
        max(enrolments.enrolled_at) as enrolled_at,
        -- the list runs weekly and looks so many days ahead: nobody is overdue when it first sees them
        {{ add_days('max(enrolments.closed_on)', var('ahead_days')) }} as due_on
    from {{ ref('int_enrolments') }} as enrolments
    inner join {{ ref('stg_rules__campaigns') }} as campaigns on enrolments.campaign = campaigns.campaign
    where
        campaigns.audience = 'goodbye'
        and campaigns.erases_early
        and enrolments.ended_in_silence
    group by enrolments.contact_id

),

due as (

    select
        clocks.contact_id,
        clocks.last_contact_at,
        clocks.last_contact_signal,
        case
            when requests.contact_id is not null then 'request'
            when goodbyes.due_on < clocks.due_on then 'goodbye'
            else 'retention'
        end as reason,
        case
            -- a request has one month, and is never later than the clock that runs anyway
            when requests.contact_id is not null
                then least({{ add_months('requests.requested_at', 1) }}, clocks.due_on)
            else least(clocks.due_on, coalesce(goodbyes.due_on, clocks.due_on))
        end as due_on
    from clocks
    left join requests on clocks.contact_id = requests.contact_id
    -- whatever came from the person since takes them off again; a hold, too
    left join goodbyes
        on
            clocks.contact_id = goodbyes.contact_id
            and clocks.last_contact_at < goodbyes.enrolled_at
            and coalesce(cast(clocks.hold_until as date), goodbyes.due_on) <= goodbyes.due_on

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
