with

enrolments as (

    select * from {{ ref('int_enrolments') }}
    where is_open

)

select
    contact_id,
    {{ as_of() }} as as_of,
    campaign,
    enrolment,
    arm,
    step,
    coalesce(messaged_at, enrolled_at) as since,
    cast(messages as integer) as messages,
    cast(spend_committed as decimal(18, 2)) as spend_committed,
    reaction,
    next_step,
    exit,
    case when exit is not null or arm = 'holdout' then closes_on end as closes_on
from enrolments
