{{ config(materialized='view') }}

-- the mailbox provider of each domain that occurs: the longest pattern that fits is the most specific
with

domains as (

    select distinct domain from {{ ref('int_mailboxes') }}

),

provider_groups as (

    select * from {{ ref('provider_groups') }}

),

matches as (

    select
        domains.domain,
        provider_groups.provider,
        row_number() over (
            partition by domains.domain
            order by length(provider_groups.domain_pattern) desc, provider_groups.provider
        ) as match_order
    from domains
    left join provider_groups on domains.domain like provider_groups.domain_pattern

)

select
    domain,
    coalesce(provider, 'other') as provider
from matches
where match_order = 1
