with

steps as (

    select * from {{ ref('int_next_steps') }}
    where held_back is null

),

messages as (

    select * from {{ ref('stg_rules__campaign_messages') }}

)

select
    steps.contact_id,
    {{ as_of() }} as as_of,
    steps.campaign,
    steps.enrolment,
    case when steps.arm = 'treated' then steps.step end as step,
    case when steps.arm = 'treated' then steps.message end as message,
    case when steps.arm = 'treated' then steps.offer end as offer,
    cast(case when steps.arm = 'treated' then steps.offer_cost else 0 end as decimal(18, 2)) as offer_cost,
    steps.reaction,
    steps.reason,
    case when steps.arm = 'treated' then coalesce(messages.language, steps.default_language) end as language,
    steps.mailbox_id,
    steps.provider,
    steps.last_message_at,
    row_number() over (
        partition by steps.campaign
        order by steps.is_enrolment asc, steps.engaged_at desc, steps.contact_id asc
    ) as priority,
    case when steps.arm = 'treated' then steps.budget end as budget,
    case when steps.arm = 'treated' then steps.currency end as currency,
    steps.arm,
    steps.is_enrolment,
    steps.closes_on,
    steps.file_digest
from steps
left join messages
    on
        steps.campaign = messages.campaign
        and steps.message = messages.message
        -- `fr`, `FR` and `fr-BE` all read the French text
        and lower(substring(steps.language, 1, 2)) = messages.language
