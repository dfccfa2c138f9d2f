-- Synthetic people behind the ids of a real purchase log: who they are and what they agreed to.
-- Reads orders and customers; makes the macros and tables that the other sample scripts use.

-- a number in [0, 1) that is the same for the same seed, question and key everywhere
create macro chance(question, key) as
(md5_number_lower(getvariable('seed') || '/' || question || '/' || key) >> 11) / 9007199254740992.0;

create macro pick(choices, drawn) as choices[1 + cast(floor(drawn * len(choices)) as bigint)];

-- whole seconds between two numbers of them
create macro seconds(fewest, most, drawn) as
to_seconds(cast(floor(fewest + (most - fewest) * drawn) as bigint));

create macro moment(since, until, drawn) as since + seconds(0, epoch(until - since), drawn);

-- the log's days: [first_instant, end_instant)
create table period as
select
    date_trunc('day', min(ordered_at)) as first_instant,
    date_trunc('day', max(ordered_at)) + interval 1 day as end_instant
from orders;

create table provider_shares as
with

shares (language, domain, share) as (

    values
    ('fr', 'gmail.example', 34), ('fr', 'googlemail.example', 1), ('fr', 'hotmail.example', 11),
    ('fr', 'outlook.example', 7), ('fr', 'yahoo.example', 8), ('fr', 'aol.example', 1),
    ('fr', 'orange.example', 11), ('fr', 'wanadoo.example', 6), ('fr', 'sfr.example', 4),
    ('fr', 'free.example', 6), ('fr', 'laposte.example', 3), ('fr', 'icloud.example', 4),
    ('fr', 'atelier-lumen.example', 2), ('fr', 'mairie-valbrune.example', 2),
    ('en', 'gmail.example', 42), ('en', 'googlemail.example', 2), ('en', 'hotmail.example', 11),
    ('en', 'outlook.example', 9), ('en', 'yahoo.example', 15), ('en', 'aol.example', 6),
    ('en', 'icloud.example', 9), ('en', 'northfen.example', 3), ('en', 'harrow-college.example', 3)

)

select
    language,
    domain,
    (sum(share) over running - share) / sum(share) over (partition by language) as share_from,
    sum(share) over running / sum(share) over (partition by language) as share_to
from shares
window running as (partition by language order by domain rows unbounded preceding);

-- 3 in 100 signed up and never bought
create table everybody as
with

totals as (

    select
        cast(round(count(*) * 0.03) as bigint) as prospects,
        list(country order by contact_id) filter (where country is not null) as countries
    from customers

),

known as (

    select
        contact_id,
        first_at,
        country,
        'customer' as contact_kind
    from customers
    union all
    select
        'P' || lpad(cast(number as varchar), 5, '0') as contact_id,
        moment(period.first_instant, period.end_instant, chance('prospect', number)) as first_at,
        pick(totals.countries, chance('country', number)) as country,
        'prospect' as contact_kind
    from period, totals, unnest(range(1, 1 + totals.prospects)) as numbers (number)

)

select
    contact_id,
    contact_kind,
    case
        when contact_kind = 'customer' and chance('signed up early', contact_id) < 0.2
            then moment(first_at - interval 30 day, first_at, chance('how early', contact_id))
        else first_at
    end as signed_up_at,
    coalesce(country, case
        when chance('country', contact_id) < 0.55 then 'FR'
        when chance('country', contact_id) < 0.90 then 'US'
        when chance('country', contact_id) < 0.95 then 'BE'
        else 'CA'
    end) as country,
    row_number() over (order by chance('place', contact_id), contact_id) as place,
    count(*) over () as people
from known;

create table named as
select
    everybody.*,
    case when country in ('FR', 'BE', 'CH', 'France', 'Belgium') then 'fr' else 'en' end as language,
    pick([
        'Adèle', 'Amélie', 'Anselme', 'Béatrice', 'Blaise', 'Clémence', 'Côme', 'Daphné', 'Éloïse', 'Émile',
        'Fabrice', 'Flore', 'Gaëlle', 'Hortense', 'Irène', 'Joël', 'Jérôme', 'Lucie', 'Maëlys', 'Noémie',
        'Ada', 'Alden', 'Beryl', 'Clive', 'Dorian', 'Edith', 'Fern', 'Giles', 'Hazel', 'Ivor',
        'June', 'Keith', 'Lorna', 'Miles', 'Nell', 'Opal', 'Piers', 'Rhoda', 'Silas', 'Tess'
    ], chance('first name', contact_id)) as first_name,
    pick([
        'Aubrelin', 'Bastérac', 'Brévillon', 'Cormerais', 'Delvaque', 'Estoublon', 'Ferrandou', 'Gaubrière',
        'Hauvarde', 'Jolimeau', 'Kervadic', 'Lanquetin', 'Marchelot', 'Nogarède', 'Oudremer', 'Pélissard',
        'Quérignac', 'Roubillac', 'Sauvelle', 'Thévenard', 'Ashwick', 'Bramfield', 'Colebourn', 'Dunstead',
        'Elmsworth', 'Farlowe', 'Greystone', 'Hathersby', 'Inglemoor', 'Kettleby', 'Longmire', 'Marlbrook',
        'Netherby', 'Oakhanger', 'Penhallow', 'Quarrie', 'Ravensby', 'Stanmore', 'Thornbeck', 'Wolverby'
    ], chance('last name', contact_id)) as last_name
from everybody;

-- the place in a shuffled row makes an address unique; half a percent has none
create table addressed as
select
    named.*,
    case
        when place <= people - round(people * 0.005) then lower(strip_accents(case
            when chance('form of address', contact_id) < 0.5 then first_name || '.' || last_name
            when chance('form of address', contact_id) < 0.8 then left(first_name, 1) || '.' || last_name
            else first_name || '_' || last_name
        end)) || cast(place as varchar) || '@' || provider_shares.domain
    end as email,
    provider_shares.domain
from named
inner join provider_shares
    on
        named.language = provider_shares.language
        and chance('provider', named.contact_id) >= provider_shares.share_from
        and chance('provider', named.contact_id) < provider_shares.share_to;

-- a household: the first places in the row use the address, and the name, of somebody behind them
create table housed as
select
    member.contact_id,
    member.contact_kind,
    member.signed_up_at,
    member.country,
    member.language,
    member.place,
    member.people,
    member.first_name,
    coalesce(owner.last_name, member.last_name) as last_name,
    coalesce(owner.domain, member.domain) as domain,
    owner.contact_id is null as owns_mailbox,
    case
        when owner.email is null then member.email
        when member.place % 3 = 0 then upper(owner.email)
        when member.place % 3 = 1 then upper(left(owner.email, 1)) || substr(owner.email, 2)
        else owner.email
    end as email
from addressed as member
left join addressed as owner
    on
        member.place <= round(member.people * 0.005)
        and owner.place = member.place + round(member.people * 0.005);

create table people as
with

drawn as (

    select
        *,
        chance('consent', contact_id) as consent,
        chance('agreed', contact_id) as agreed,
        chance('tracking', contact_id) as tracking
    from housed

)

select
    drawn.* exclude (consent, agreed, tracking),
    consent < 0.92 as marketing_consent,
    case
        when consent < 0.80 then signed_up_at
        when consent < 0.92
            then moment(signed_up_at, least(signed_up_at + interval 60 day, end_instant), agreed)
        -- withdrawn; the rest never agreed
        when consent < 0.95 then moment(signed_up_at, end_instant, agreed)
    end as marketing_consent_at,
    tracking < 0.70 as tracking_consent,
    case
        when tracking < 0.60 then signed_up_at
        when tracking < 0.75 then moment(signed_up_at, end_instant, chance('tracking agreed', contact_id))
    end as tracking_consent_at
from drawn, period;

create schema landing;

create table landing.crm_contacts as
select
    contact_id,
    email,
    first_name,
    last_name,
    country,
    language,
    getvariable('business_line') as business_line,
    contact_kind,
    signed_up_at,
    marketing_consent,
    marketing_consent_at,
    tracking_consent,
    tracking_consent_at,
    greatest(signed_up_at, marketing_consent_at, tracking_consent_at) as updated_at
from people
order by contact_id;

create table landing.crm_orders as
select
    order_id,
    contact_id,
    ordered_at,
    amount,
    getvariable('business_line') as business_line,
    currency,
    status,
    ordered_at as updated_at
from orders
order by orders.ordered_at, orders.order_id;
