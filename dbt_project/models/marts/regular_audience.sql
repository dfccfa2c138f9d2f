-- who gets regular messages, and how often: active, mailable, and by their own latest word
with

statuses as (

    select * from {{ ref('contact_status') }}
    where
        status = 'active'
        and is_mailable

),

frequencies as (

    select * from {{ ref('int_frequencies') }}

)

select
    statuses.contact_id,
    {{ as_of() }} as as_of,
    coalesce(frequencies.frequency, '{{ var("regular_default_frequency") }}') as frequency
from statuses
left join frequencies on statuses.contact_id = frequencies.contact_id
-- who wants none is not mailable in the first place
where coalesce(frequencies.frequency, '') <> 'never'
