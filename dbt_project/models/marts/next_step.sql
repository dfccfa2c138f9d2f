with

campaigns as (

    select * from {{ ref('stg_rules__campaigns') }}
    where
        is_enabled
        and audience = 'dormant'

),

steps as (

    select * from {{ ref('stg_rules__campaign_steps') }}

),

messages as (

    select * from {{ ref('stg_rules__campaign_messages') }}

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

dormant as (

    select * from {{ ref('contact_status') }}
    where
        status = 'dormant'
        and is_mailable

),

last_messages as (

    select * from {{ ref('int_last_messages') }}

),

due as (

    select * from {{ ref('erasure_due') }}

),

-- whoever was in the campaign on an earlier night; a rerun of the same night finds them again
enrolled as (

    select distinct
        contact_id,
        campaign
    from {{ ref('stg_journal__batch_contacts') }}
    where {{ visible('planned_as_of') }}

),

free as (

    select
        dormant.contact_id,
        dormant.status_since,
        contacts.language,
        contacts.mailbox_id,
        contacts.provider,
        engagement.engaged_at,
        last_messages.last_message_at
    from dormant
    inner join contacts on dormant.contact_id = contacts.contact_id
    inner join engagement on dormant.contact_id = engagement.contact_id
    left join last_messages on contacts.mailbox_id = last_messages.mailbox_id
    left join due on dormant.contact_id = due.contact_id
    where
        due.contact_id is null
        and coalesce(
            {{ days_between('last_messages.last_message_at', as_of_date()) }}
            >= {{ var('min_days_between_messages') }},
            true
        )

),

-- nobody is in two campaigns: where several would take a contact, the first by name does
offers as (

    select
        free.*,
        campaigns.campaign,
        campaigns.first_step as step,
        campaigns.max_per_night,
        campaigns.default_language,
        row_number() over (partition by free.contact_id order by campaigns.campaign) as choice
    from free
    cross join campaigns
    left join enrolled
        on
            free.contact_id = enrolled.contact_id
            and campaigns.campaign = enrolled.campaign
    where enrolled.contact_id is null

),

ranked as (

    select
        *,
        row_number() over (partition by campaign order by engaged_at desc, contact_id asc) as priority
    from offers
    where choice = 1

)

select
    ranked.contact_id,
    {{ as_of() }} as as_of,
    ranked.campaign,
    1 as enrolment,
    ranked.step,
    steps.message,
    steps.offer,
    steps.offer_cost,
    cast(null as string) as reaction,
    concat(
        'dormant since ', cast(ranked.status_since as string),
        ', not yet in ', ranked.campaign
    ) as reason,
    coalesce(messages.language, ranked.default_language) as language,
    ranked.mailbox_id,
    ranked.provider,
    ranked.last_message_at,
    ranked.priority
from ranked
inner join steps
    on
        ranked.campaign = steps.campaign
        and ranked.step = steps.step
left join messages
    on
        steps.campaign = messages.campaign
        and steps.message = messages.message
        -- `fr`, `FR` and `fr-BE` all read the French text
        and lower(substring(ranked.language, 1, 2)) = messages.language
where ranked.priority <= ranked.max_per_night
