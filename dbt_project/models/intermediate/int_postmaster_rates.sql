{{ config(materialized='view') }}

-- complaint rates as mailbox providers publish them, a row a provider and day: of several domains the worst.
-- A domain that is no mailbox provider's is a sender's own, as Gmail's Postmaster Tools list them.
with

rates as (

    select * from {{ ref('stg_esp__postmaster_rates') }}
    where day < {{ as_of_date() }}

),

provider_groups as (

    select * from {{ ref('provider_groups') }}

),

matches as (

    select
        rates.day,
        rates.domain,
        rates.complaint_rate,
        coalesce(provider_groups.provider, 'gmail') as provider,
        row_number() over (
            partition by rates.day, rates.domain
            order by length(provider_groups.domain_pattern) desc, provider_groups.provider
        ) as match_order
    from rates
    left join provider_groups on lower(rates.domain) like provider_groups.domain_pattern

)

select
    provider,
    day,
    max(complaint_rate) as complaint_rate
from matches
where match_order = 1
group by provider, day
