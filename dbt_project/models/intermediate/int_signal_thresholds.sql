-- the thresholds that hold for each line and kind of contact that occurs, the most specific row first
with

kinds as (

    select distinct
        business_line,
        coalesce(contact_kind, '*') as contact_kind
    from {{ ref('int_contacts') }}

),

status_thresholds as (

    select * from {{ ref('status_thresholds') }}

),

candidates as (

    select
        kinds.business_line,
        kinds.contact_kind,
        status_thresholds.signal,
        status_thresholds.dormant_after_days,
        status_thresholds.lost_after_days,
        row_number() over (
            partition by kinds.business_line, kinds.contact_kind, status_thresholds.signal
            order by
                case when status_thresholds.business_line = '*' then 1 else 0 end,
                case when status_thresholds.contact_kind = '*' then 1 else 0 end
        ) as specificity
    from kinds
    inner join status_thresholds
        on
            status_thresholds.business_line in ('*', kinds.business_line)
            and status_thresholds.contact_kind in ('*', kinds.contact_kind)

)

select
    business_line,
    contact_kind,
    signal,
    dormant_after_days,
    lost_after_days
from candidates
where specificity = 1
