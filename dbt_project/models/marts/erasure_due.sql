with

clocks as (

    select * from {{ ref('retention_clock') }}

),

requests as (

    select * from {{ ref('int_erasure_requests') }}

),

-- goodbyes that ended in silence. The list runs weekly and looks so many days ahead: nobody is overdue when
-- it first sees them
silences as (

    select
        enrolments.contact_id,
        enrolments.enrolled_at,
        {{ add_days('enrolments.closed_on', var('ahead_days')) }} as due_on,
        campaigns.erases_early
    from {{ ref('int_enrolments') }} as enrolments
    inner join {{ ref('stg_rules__campaigns') }} as campaigns on enrolments.campaign = campaigns.campaign
    where
        campaigns.audience = 'goodbye'
        and enrolments.ended_in_silence

),

-- whatever came from the person since takes them off again
warned as (

    select
        clocks.contact_id,
        clocks.hold_until,
        clocks.account_ends_on,
        max(silences.due_on) as due_on,
        max(case when silences.erases_early then silences.due_on end) as early_due_on
    from silences
    inner join clocks
        on
            silences.contact_id = clocks.contact_id
            and silences.enrolled_at > clocks.last_contact_at
    group by clocks.contact_id, clocks.hold_until, clocks.account_ends_on

),

-- two shorter ways after a goodbye: its campaign says that silence erases early, or an account has its own
-- period. A hold postpones both
shorter as (

    select
        contact_id,
        case
            when coalesce(cast(hold_until as date), early_due_on) <= early_due_on then early_due_on
        end as goodbye_on,
        greatest(account_ends_on, case when account_ends_on is not null then due_on end) as account_on
    from warned

),

due as (

    select
        clocks.contact_id,
        clocks.last_contact_at,
        clocks.last_contact_signal,
        case
            when requests.contact_id is not null then 'request'
            when shorter.goodbye_on < least(clocks.due_on, coalesce(shorter.account_on, clocks.due_on))
                then 'goodbye'
            when shorter.account_on < clocks.due_on then 'account'
            else 'retention'
        end as reason,
        case
            -- a request has one month, and is never later than the clock that runs anyway
            when requests.contact_id is not null
                then least({{ add_months('requests.requested_at', 1) }}, clocks.due_on)
            else
                least(
                    clocks.due_on,
                    coalesce(shorter.goodbye_on, clocks.due_on),
                    coalesce(shorter.account_on, clocks.due_on)
                )
        end as due_on
    from clocks
    left join requests on clocks.contact_id = requests.contact_id
    left join shorter on clocks.contact_id = shorter.contact_id

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
