-- Everything that contact_recency and contact_status say, and how many rows contact_status_history has, as one statement
-- by hand for DuckDB, straight from raw: what the layered models are held against. $as_of is the instant. Nobody is in
-- a campaign, and everybody has signed up before it.
create or replace table bench_one_query as
with
thresholds as (
    select lines.business_line, kinds.contact_kind, signal,
        arg_min(dormant_after_days, (rules.business_line = '*', rules.contact_kind = '*')) as dormant_after_days,
        arg_min(lost_after_days, (rules.business_line = '*', rules.contact_kind = '*')) as lost_after_days
    from (select distinct business_line from raw.crm_contacts) as lines
    cross join (select distinct contact_kind from raw.crm_contacts) as kinds
    join seeds.status_thresholds as rules
        on rules.business_line in ('*', lines.business_line) and rules.contact_kind in ('*', kinds.contact_kind)
    group by all
),
clicks as materialized (
    select esp, event_id, contact_id, campaign, url, occurred_at, date_trunc('month', occurred_at) as in_month,
        coalesce(actor, 'human') = 'human'
            and not regexp_matches(lower(coalesce(url, '')), 'unsub|optout|opt-out|desinscri|desabonn|/subscription/')
            as is_counted
    from raw.esp_events
    where event = 'clicked' and occurred_at < $as_of
),
robots as materialized (
    select clicks.esp, clicks.event_id
    from clicks
    join (
        -- of the deliveries only those in an hour in which, or right after which, their contact clicked
        select esp, contact_id, campaign, occurred_at
        from raw.esp_events
        where event = 'delivered' and hash(contact_id, epoch_us(occurred_at) // 3600000000) in (
            select hash(contact_id, epoch_us(occurred_at) // 3600000000) from clicks
            union all
            select hash(contact_id, epoch_us(occurred_at) // 3600000000 - 1) from clicks where epoch_us(occurred_at) % 3600000000 <= 5000000
        )
    ) as delivered
        on delivered.contact_id = clicks.contact_id
            and delivered.campaign = clicks.campaign and delivered.esp = clicks.esp
            and clicks.occurred_at between delivered.occurred_at and delivered.occurred_at + interval 5 seconds
    union
    select esp, event_id
    from (
        select *, count(distinct url) over (partition by esp, campaign, in_month, contact_id, burst) as links_in_burst
        from (
            select *, sum((coalesce(occurred_at - before > interval 5 seconds, true))::integer) over (
                partition by esp, campaign, in_month, contact_id order by occurred_at, event_id) as burst
            from (
                select clicks.*, message.links, lag(clicks.occurred_at) over (
                    partition by clicks.esp, clicks.campaign, clicks.in_month, clicks.contact_id
                    order by clicks.occurred_at, clicks.event_id) as before
                from clicks
                join (select esp, campaign, in_month, count(distinct url) as links from clicks group by all having links >= 2)
                    as message using (esp, campaign, in_month)
                join (select esp, campaign, in_month, contact_id, count(distinct url) as links from clicks group by all having links >= 2)
                    as own on own.esp = clicks.esp and own.campaign = clicks.campaign and own.in_month = clicks.in_month
                        and own.contact_id = clicks.contact_id and own.links = message.links
            )
        )
    )
    where links_in_burst = links
),
stretches as materialized (
    select contact_id, 'open' as signal, date_diff('day', date '1970-01-01', occurred_at::date) // 180 as stretch,
        min(occurred_at) as first_at, max(occurred_at) as last_at,
        count(*) filter (where occurred_at >= $as_of - interval 30 days) as n30,
        count(*) filter (where occurred_at >= $as_of - interval 90 days) as n90,
        count(*) filter (where occurred_at >= $as_of - interval 180 days) as n180,
        count(*) filter (where occurred_at >= $as_of - interval 365 days) as n365
    from raw.esp_events semi join (select contact_id from raw.crm_contacts where tracking_consent) as consenting using (contact_id)
    where event = 'opened' and actor = 'human' and occurred_at < $as_of
    group by all
    union all
    select contact_id, 'click', date_diff('day', date '1970-01-01', occurred_at::date) // 180,
        min(occurred_at), max(occurred_at),
        count(*) filter (where occurred_at >= $as_of - interval 30 days),
        count(*) filter (where occurred_at >= $as_of - interval 90 days),
        count(*) filter (where occurred_at >= $as_of - interval 180 days),
        count(*) filter (where occurred_at >= $as_of - interval 365 days)
    from clicks anti join robots using (esp, event_id)
    where is_counted
    group by all
    union all
    select contact_id, 'login', date_diff('day', date '1970-01-01', logged_in_at::date) // 180,
        min(logged_in_at), max(logged_in_at),
        count(*) filter (where logged_in_at >= $as_of - interval 30 days),
        count(*) filter (where logged_in_at >= $as_of - interval 90 days),
        count(*) filter (where logged_in_at >= $as_of - interval 180 days),
        count(*) filter (where logged_in_at >= $as_of - interval 365 days)
    from raw.crm_logins
    where logged_in_at < $as_of
    group by all
    union all
    select contact_id, 'purchase', date_diff('day', date '1970-01-01', ordered_at::date) // 60,
        min(ordered_at), max(ordered_at),
        count(*) filter (where ordered_at >= $as_of - interval 30 days),
        count(*) filter (where ordered_at >= $as_of - interval 90 days),
        count(*) filter (where ordered_at >= $as_of - interval 180 days),
        count(*) filter (where ordered_at >= $as_of - interval 365 days)
    from raw.crm_orders
    where ordered_at < $as_of and coalesce(status, 'paid') = 'paid' and amount >= 0
    group by all
),
gaps as (
    select contact_id, count(*) as purchase_days, count(gap) as closed_gaps, median(gap) as median_gap_days
    from (
        select contact_id, day - lag(day) over (partition by contact_id order by day) as gap
        from (
            select distinct contact_id, ordered_at::date as day from raw.crm_orders
            where ordered_at < $as_of and coalesce(status, 'paid') = 'paid' and amount >= 0
        )
    )
    group by contact_id
),
orders as (
    select contact_id, count(*) filter (where coalesce(status, 'paid') = 'paid' and amount >= 0) as order_count,
        case when coalesce(min(currency) = max(currency), true)
            then sum(amount) filter (where coalesce(status, 'paid') = 'paid' and amount >= 0 or amount < 0) end as spend,
        case when min(currency) = max(currency) then min(currency) end as currency
    from raw.crm_orders
    where ordered_at < $as_of
    group by contact_id
),
lasts as materialized (
    select contact_id, signal, min(first_at) as first_at, max(last_at) as last_at,
        sum(n30) as n30, sum(n90) as n90, sum(n180) as n180, sum(n365) as n365
    from stretches group by all
),
covers as (
    select contact_id, first_at::date as starts_on,
        last_at::date + dormant_after_days as ends_on, last_at::date + lost_after_days as lost_on
    from (
        select contact_id, signal, first_at, last_at from stretches
        union all
        select contact_id, 'sign_up', signed_up_at, signed_up_at from raw.crm_contacts
    )
    join raw.crm_contacts as contacts using (contact_id)
    join thresholds using (business_line, contact_kind, signal)
),
periods as (
    select contact_id, min(starts_on) as starts_on, max(ends_on) as ends_on, max(lost_so_far) as lost_on,
        lead(min(starts_on)) over (partition by contact_id order by min(starts_on)) as next_on
    from (
        select *, sum((covered is null or starts_on > covered)::integer) over (
            partition by contact_id order by starts_on, ends_on rows unbounded preceding) as number
        from (
            select *,
                max(ends_on) over (partition by contact_id order by starts_on, ends_on
                    rows between unbounded preceding and 1 preceding) as covered,
                max(lost_on) over (partition by contact_id order by starts_on, ends_on rows unbounded preceding) as lost_so_far
            from covers
        )
    )
    group by contact_id, number
),
statuses as (
    select contact_id,
        arg_max(case when $as_of::date < ends_on then starts_on when $as_of::date < lost_on then ends_on else lost_on end, starts_on) as status_since,
        sum(1 + (lost_on > ends_on and ends_on <= $as_of::date)::integer
            + (lost_on <= $as_of::date and coalesce(next_on > lost_on, true))::integer) as history_rows
    from periods group by contact_id
),
reaches as (
    select contact_id, max(last_at) as engaged_at, max(dormant_on) as dormant_on, max(lost_on) as lost_on,
        arg_max({'signal': signal, 'at': last_at, 'days': dormant_after_days}, (dormant_on - date '1970-01-01') * 10 - rank) as freshest,
        arg_max({'signal': signal, 'at': last_at, 'days': lost_after_days}, (lost_on - date '1970-01-01') * 10 - rank) as last
    from (
        select contact_id, signal, last_at, dormant_after_days, lost_after_days,
            last_at::date + dormant_after_days as dormant_on, last_at::date + lost_after_days as lost_on,
            list_position(['purchase', 'login', 'click', 'open', 'sign_up'], signal) as rank
        from (
            select contact_id, signal, last_at from lasts
            union all
            select contact_id, 'sign_up', signed_up_at from raw.crm_contacts
        )
        join raw.crm_contacts as contacts using (contact_id)
        left join thresholds using (business_line, contact_kind, signal)
    )
    group by contact_id
),
-- the gravest first: 1 unsubscribed, 2 complained, 3 bounced
refusals as (
    select contact_id, min(list_position(['unsubscribed', 'complained', 'bounced_hard'], event)) as refusal
    from raw.esp_events
    where event in ('unsubscribed', 'complained', 'bounced_hard') and occurred_at < $as_of
    group by contact_id
),
mailboxes as (
    select normalised_email, min(refusal) as refusal, lower(split_part(normalised_email, '@', 2)) as domain
    from raw.crm_contacts left join refusals using (contact_id)
    where normalised_email is not null
    group by normalised_email
),
providers as (
    select domain, coalesce(arg_max(provider, length(domain_pattern)), 'other') as provider
    from (select distinct domain from mailboxes) as domains
    left join seeds.provider_groups on domain like domain_pattern
    group by domain
),
leaving as (
    select contact_id from journal.erasure_freezes
    union
    select coalesce(requests.contact_id, contacts.contact_id)
    from raw.crm_erasure_requests as requests
    left join raw.crm_contacts as contacts
        on requests.contact_id is null and lower(trim(requests.email)) = contacts.normalised_email
    where requested_at < $as_of
),
wishes as (
    select contact_id, arg_max(frequency, set_at) as frequency
    from raw.crm_preferences where set_at < $as_of and frequency is not null group by contact_id
),
own_reasons as (
    select contact_id, normalised_email, engaged_at, coalesce(frequency = 'never', false) as wants_none,
        case when leaving.contact_id is not null then 'erasure_pending'
            when least(refusals.refusal, mailboxes.refusal) is not null
                then ['objected', 'complained', 'hard_bounce'][least(refusals.refusal, mailboxes.refusal)]
            when not coalesce(marketing_consent, false) then 'no_consent'
            when normalised_email is null then 'no_address' end as own_reason
    from raw.crm_contacts
    join reaches using (contact_id)
    left join leaving using (contact_id)
    left join refusals using (contact_id)
    left join mailboxes using (normalised_email)
    left join wishes using (contact_id)
),
mailable as (
    select contact_id, case when own_reason is not null then own_reason when chosen <> contact_id then 'same_mailbox'
        when wants_none then 'frequency_never' end as not_mailable_reason
    from own_reasons
    left join (
        select normalised_email, contact_id as chosen from own_reasons
        where own_reason is null and not wants_none
        qualify row_number() over (partition by normalised_email order by engaged_at desc, contact_id) = 1
    ) using (normalised_email)
)
select contacts.contact_id, contacts.business_line, contacts.contact_kind, contacts.country, providers.provider, contacts.signed_up_at,
    opens.last_at as last_open_at, clicked.last_at as last_click_at, bought.last_at as last_purchase_at,
    logged.last_at as last_login_at, bought.first_at as first_purchase_at,
    date_diff('day', opens.last_at::date, $as_of::date) as days_since_open,
    date_diff('day', clicked.last_at::date, $as_of::date) as days_since_click,
    date_diff('day', bought.last_at::date, $as_of::date) as days_since_purchase,
    date_diff('day', logged.last_at::date, $as_of::date) as days_since_login,
    date_diff('day', contacts.signed_up_at::date, $as_of::date) as days_since_sign_up,
    coalesce(opens.n30, 0) as opens_30d, coalesce(opens.n90, 0) as opens_90d,
    coalesce(opens.n180, 0) as opens_180d, coalesce(opens.n365, 0) as opens_365d,
    coalesce(clicked.n30, 0) as clicks_30d, coalesce(clicked.n90, 0) as clicks_90d,
    coalesce(clicked.n180, 0) as clicks_180d, coalesce(clicked.n365, 0) as clicks_365d,
    coalesce(bought.n30, 0) as purchases_30d, coalesce(bought.n90, 0) as purchases_90d,
    coalesce(bought.n180, 0) as purchases_180d, coalesce(bought.n365, 0) as purchases_365d,
    coalesce(logged.n30, 0) as logins_30d, coalesce(logged.n90, 0) as logins_90d,
    coalesce(logged.n180, 0) as logins_180d, coalesce(logged.n365, 0) as logins_365d,
    coalesce(orders.order_count, 0) as order_count, orders.spend::decimal(18, 2) as spend, orders.currency,
    coalesce(gaps.purchase_days, 0) as purchase_days, coalesce(gaps.closed_gaps, 0) as closed_gaps,
    gaps.median_gap_days::double as median_gap_days,
    case when reaches.dormant_on > $as_of::date then 'active' when reaches.lost_on <= $as_of::date then 'lost' else 'dormant' end as status,
    statuses.status_since, statuses.history_rows,
    case when status = 'lost' then reaches.last.signal else reaches.freshest.signal end as deciding_signal,
    case when status = 'lost' then reaches.last.at else reaches.freshest.at end as deciding_signal_at,
    date_diff('day', deciding_signal_at::date, $as_of::date) as days_since,
    case status when 'active' then 'fresh_signal' when 'lost' then 'threshold' else 'silent' end as rule,
    case when status = 'lost' then reaches.last.days else reaches.freshest.days end as threshold_days,
    case when status = 'active' and reaches.lost_on > reaches.dormant_on then 'dormant' when status <> 'lost' then 'lost' end as next_status,
    case status when 'active' then reaches.dormant_on when 'dormant' then reaches.lost_on end as next_status_on,
    status = 'active' and next_status_on <= $as_of::date + 60 as is_drifting,
    not_mailable_reason is null as is_mailable, not_mailable_reason
from raw.crm_contacts as contacts
left join (from lasts where signal = 'open') as opens using (contact_id)
left join (from lasts where signal = 'click') as clicked using (contact_id)
left join (from lasts where signal = 'purchase') as bought using (contact_id)
left join (from lasts where signal = 'login') as logged using (contact_id)
left join orders using (contact_id)
left join gaps using (contact_id)
left join statuses using (contact_id)
left join reaches using (contact_id)
left join mailable using (contact_id)
left join mailboxes on contacts.normalised_email = mailboxes.normalised_email
left join providers using (domain)
