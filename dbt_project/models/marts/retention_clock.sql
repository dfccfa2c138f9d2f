with

retention as (

    select * from {{ ref('int_retention') }}

),

periods as (

    select * from {{ ref('retention_periods') }}

),

logins as (

    select contact_id from {{ ref('int_contact_logins') }}

),

-- the period of the contact's own line, else that of all lines
months_kept as (

    select
        retention.*,
        coalesce(own_period.months, any_period.months) as months,
        -- who ever logged in has an account; a line of its own says itself whether accounts have a period
        case
            when logins.contact_id is null then null
            when own_period.business_line is not null then own_period.account_months
            else any_period.account_months
        end as account_months
    from retention
    left join periods as own_period on retention.business_line = own_period.business_line
    left join periods as any_period on any_period.business_line = '*'
    left join logins on retention.contact_id = logins.contact_id

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
    ) as due_on,
    account_months,
    case
        when account_months is not null
            then
                greatest(
                    {{ add_months('last_contact_at', 'account_months') }},
                    coalesce(cast(hold_until as date), cast(last_contact_at as date))
                )
    end as account_ends_on
from months_kept
