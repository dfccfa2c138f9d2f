-- what each number of days would flag if it stood in the purchase row of its business line, everything else
-- being as it is
with

signals as (

    select * from {{ ref('int_contact_signals') }}

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

advice as (

    select * from {{ ref('threshold_advice') }}

),

thresholds_today as (

    select distinct
        business_line,
        dormant_after_days as candidate_days
    from {{ ref('int_signal_thresholds') }}
    where signal = 'purchase'

),

candidates as (

    {%- for days in var('candidate_days') %}
    select
        business_line,
        {{ days }} as candidate_days
    from advice
    union
    {%- endfor %}
    select
        business_line,
        candidate_days
    from thresholds_today
    union
    select
        business_line,
        dormant_after_days as candidate_days
    from advice
    where dormant_after_days is not null

),

silences as (

    select
        contact_id,
        max(
            case when signal = 'purchase' then {{ days_between('last_at', as_of_date()) }} end
        ) as purchase_days_ago,
        max(
            case when signal <> 'purchase' and dormant_on > {{ as_of_date() }} then 1 else 0 end
        ) as is_fresh_otherwise
    from signals
    group by contact_id

),

-- few rows: one a line and number of days
silence_lengths as (

    select
        contacts.business_line,
        silences.purchase_days_ago,
        count(*) as contacts,
        count(*) filter (where silences.is_fresh_otherwise = 0) as contacts_silent_otherwise
    from silences
    inner join contacts on silences.contact_id = contacts.contact_id
    group by contacts.business_line, silences.purchase_days_ago

),

counts as (

    select
        candidates.business_line,
        candidates.candidate_days,
        sum(silence_lengths.contacts) as contacts,
        sum(
            case
                when
                    silence_lengths.purchase_days_ago is null
                    or silence_lengths.purchase_days_ago >= candidates.candidate_days
                    then silence_lengths.contacts_silent_otherwise
                else 0
            end
        ) as contacts_flagged
    from candidates
    inner join silence_lengths on candidates.business_line = silence_lengths.business_line
    group by candidates.business_line, candidates.candidate_days

)

select
    counts.business_line,
    {{ as_of() }} as as_of,
    cast(counts.candidate_days as integer) as candidate_days,
    cast(counts.contacts_flagged as bigint) as contacts_flagged,
    cast(counts.contacts_flagged as double) / counts.contacts as share_flagged,
    thresholds_today.candidate_days is not null as is_current,
    coalesce(counts.candidate_days = advice.dormant_after_days, false) as is_advised
from counts
inner join advice on counts.business_line = advice.business_line
left join thresholds_today
    on
        counts.business_line = thresholds_today.business_line
        and counts.candidate_days = thresholds_today.candidate_days
