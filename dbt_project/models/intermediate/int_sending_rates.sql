-- each rate of each mailbox provider and day, and what its limit says of it
with

windows as (

    select * from {{ ref('int_sending_windows') }}

),

postmaster as (

    select
        windows.provider,
        windows.day,
        avg(rates.complaint_rate) as complaint_rate
    from windows
    inner join {{ ref('int_postmaster_rates') }} as rates
        on
            windows.provider = rates.provider
            and rates.day >= coalesce(greatest(windows.first_day, windows.lifted_on), windows.first_day)
            and windows.day > rates.day
    where windows.limit_name = 'complaint_rate'
    group by windows.provider, windows.day

),

measured as (

    select
        windows.*,
        postmaster.complaint_rate as postmaster_rate,
        case
            when windows.limit_name in ('hard_bounce_rate', 'soft_bounce_rate') then windows.sent
            when windows.limit_name = 'reactivation_complaint_rate' then windows.reactivation_delivered
            else windows.delivered
        end as messages,
        case windows.limit_name
            when 'hard_bounce_rate' then windows.hard_bounces
            when 'soft_bounce_rate' then windows.soft_bounces
            when 'unsubscribe_rate' then windows.unsubscribes
            when 'reactivation_complaint_rate' then windows.reactivation_complaints
            when 'open_rate_share' then windows.opens
            else windows.complaints
        end as happenings
    from windows
    left join postmaster
        on
            windows.provider = postmaster.provider
            and windows.day = postmaster.day

),

rated as (

    select
        *,
        case
            when limit_name = 'complaint_rate' and postmaster_rate is not null then postmaster_rate
            when messages > 0 then happenings / cast(messages as double)
        end as rate,
        -- Google tells a rate only where there was enough to take it of
        limit_name = 'complaint_rate' and postmaster_rate is not null as is_postmaster,
        case
            when baseline_delivered > 0 then baseline_opens / cast(baseline_delivered as double)
        end as baseline_rate
    from measured

),

compared as (

    select
        *,
        case
            when limit_name <> 'open_rate_share' then rate
            when baseline_rate > 0 and baseline_delivered >= min_messages then rate / baseline_rate
        end as compared_rate,
        messages >= min_messages or is_postmaster as is_judged
    from rated

),

judged as (

    select
        *,
        case
            when not is_judged or compared_rate is null then 'ok'
            when limit_name = 'open_rate_share' and compared_rate <= halt_at then 'halt'
            when limit_name = 'open_rate_share' and compared_rate <= warn_at then 'warn'
            when limit_name = 'open_rate_share' then 'ok'
            when compared_rate >= halt_at then 'halt'
            when compared_rate >= warn_at then 'warn'
            else 'ok'
        end as verdict,
        concat(cast(cast(round(100 * rate, 2) as decimal(9, 2)) as string), ' %') as rate_text,
        case limit_name
            when 'hard_bounce_rate' then 'hard bounces'
            when 'soft_bounce_rate' then 'soft bounces'
            when 'unsubscribe_rate' then 'unsubscribes'
            when 'reactivation_complaint_rate' then 'complaints of reactivation messages'
            when 'esp_complaint_rate' then 'complaints as the e-mail service sees them'
            when 'complaint_rate' then 'complaints'
            else 'human opens'
        end as subject
    from compared

)

select
    provider,
    day,
    limit_name,
    lifted_on,
    sent,
    delivered,
    derived,
    messages,
    happenings,
    rate,
    is_postmaster,
    is_judged,
    verdict,
    case
        when verdict = 'ok' then null
        when limit_name = 'open_rate_share'
            then
                concat(
                    subject, ' fell to ', rate_text, ' of ', cast(messages as string), ' messages, from ',
                    cast(cast(round(100 * baseline_rate, 2) as decimal(9, 2)) as string), ' % in the ',
                    cast(baseline_days as string), ' days before (', verdict, ' at ',
                    cast(cast(round(100 * warn_at) as integer) as string), ' % of that)'
                )
        else concat(
            subject, ' ', rate_text,
            case
                when is_postmaster then ' by Postmaster'
                else concat(' (', cast(happenings as string), ' of ', cast(messages as string), ' messages)')
            end,
            ' in ', cast(window_days as string), ' days, ', verdict, ' at ',
            cast(
                cast(
                    round(100 * case when verdict = 'halt' then halt_at else warn_at end, 2) as decimal(9, 2)
                ) as string
            ),
            ' %'
        )
    end as why
from judged
