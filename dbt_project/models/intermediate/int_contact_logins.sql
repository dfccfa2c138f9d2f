with

logins as (

    select * from {{ ref('int_logins') }}

)

select
    contact_id,
    {%- for days in var('recency_windows') %}
    {{ count_within(days, 'logged_in_at') }} as logins_{{ days }}d,
    {%- endfor %}
    min(logged_in_at) as first_login_at,
    max(logged_in_at) as last_login_at,
    -- what the settled part of the contact's history was made of
    {{ fingerprint_of_rows(
        ['cast(logged_in_at as date)'], 'logged_in_at < ' ~ settled_until()
    ) }} as settled_fingerprint
from logins
group by contact_id
