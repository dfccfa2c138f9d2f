select
    contact_id,
    {{ as_of() }} as as_of,
    campaign,
    enrolment,
    is_enrolment,
    step,
    held_back as reason,
    reason as would_be,
    provider
from {{ ref('int_next_steps') }}
where held_back is not null
