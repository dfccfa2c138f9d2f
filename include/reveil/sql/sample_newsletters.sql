-- Synthetic regular newsletters, on the 15th at 09:00 UTC, and which of them ended badly.
-- One message a mailbox; after a hard bounce, an unsubscribe or a complaint no further one.

create table issues as
select
    cast(day as date) as day,
    'newsletter-' || strftime(day, '%Y-%m') as campaign,
    day + interval 9 hour as sent_at
from (
    select unnest(generate_series(first_instant, end_instant - interval 1 day, interval 1 day)) as day
    from period
) as days
where day(day) = 15;

create table letters as
select
    people.contact_id,
    issues.campaign,
    issues.sent_at,
    issues.campaign || '/' || people.contact_id as letter,
    row_number() over (partition by people.contact_id order by issues.sent_at) as letter_number
from people
inner join issues
    on
        people.signed_up_at <= issues.sent_at
        -- agreed by then, or not yet withdrawn
        and people.marketing_consent = (people.marketing_consent_at <= issues.sent_at)
where people.email is not null and people.owns_mailbox;

-- dead addresses show at the first messages: the weights say how much more likely
create table fates as
with

weighted as (

    select
        *,
        case letter_number when 1 then 12 when 2 then 3 else 0.4 end as bounce_weight
    from letters

),

drawn as (

    select
        *,
        chance('hard bounce', letter) * avg(bounce_weight) over () / bounce_weight as hard_bounce,
        chance('soft bounce', letter) as soft_bounce,
        chance('ending', letter) as objection
    from weighted

)

select
    contact_id,
    campaign,
    sent_at,
    letter,
    letter_number,
    case
        when hard_bounce < getvariable('bounced_hard_rate') then 'bounced_hard'
        when soft_bounce < getvariable('bounced_soft_rate') then 'bounced_soft'
        when objection < getvariable('complained_rate') then 'complained'
        when objection < getvariable('complained_rate') + getvariable('unsubscribed_rate') then 'unsubscribed'
    end as fate
from drawn;

create table sent as
select
    contact_id,
    campaign,
    sent_at,
    letter,
    fate
from fates
qualify letter_number <= coalesce(
    min(letter_number) filter (where fate in ('bounced_hard', 'unsubscribed', 'complained'))
        over (partition by contact_id),
    letter_number
);

create table landing.esp_sends as
select
    'sandbox' as esp,
    cast(null as varchar) as batch_key,
    campaign,
    cast(null as varchar) as step,
    contact_id,
    sent_at
from sent
order by sent.sent_at, sent.contact_id;

-- parts (0.001 is 0.1 %), as a mailbox provider tells them for the day of a send
create table landing.postmaster_rates as
select
    day,
    'gmail.example' as domain,
    round(0.0002 + 0.0006 * chance('complaint rate', campaign), 5) as complaint_rate
from issues
order by issues.day;
