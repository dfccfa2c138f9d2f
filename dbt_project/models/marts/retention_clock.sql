with

retention as (

    select * from {{ ref('int_retention') }}

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

)

select
    contact_id,
    {{ as_of() }} as as_of,
    last_contact_at,
    last_contact_signal,
    months as months_kept,
    hold_until,
    greatest(
        {{ add_months('last_contact_at', 'months') }},
        -- an open dispute or a running subscription postpones the end
        coalesce(cast(hold_until as date), cast(last_contact_at as date))
    ) as due_on
from months_kept
