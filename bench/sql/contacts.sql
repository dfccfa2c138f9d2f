-- contacts of four lines and two kinds, signed up over five years before $until
insert into raw.crm_contacts by name
select
    'c' || n as contact_id,
    'c' || n || '@' || ['gmail', 'orange', 'yahoo', 'free'][1 + n % 4] || '.example' as email,
    email as normalised_email,
    'fr' as language,
    ['FR', 'BE', 'CH'][1 + n % 3] as country,
    ['fashion', 'newsletter', 'grocery', 'travel'][1 + (hash(n) % 4)::integer] as business_line,
    ['customer', 'prospect'][1 + (hash(n, 1) % 2)::integer] as contact_kind,
    $until::timestamp - to_seconds(86400 + (hash(n, 2) % (86400 * 1800))::bigint) as signed_up_at,
    hash(n, 3) % 10 < 9 as marketing_consent,
    signed_up_at as marketing_consent_at,
    hash(n, 4) % 10 < 9 as tracking_consent,
    signed_up_at as tracking_consent_at,
    $until::timestamp as updated_at,
    $until::timestamp as first_loaded_at,
    1 as load_id
from range($contacts) as numbers (n)
