-- contact, day, dormant_after_days and lost_after_days of every signal that counts
with signals as (
    select contact_id, 'purchase' as signal, ordered_at as at from raw.crm_orders where status = 'paid' and amount >= 0
    union all
    select contact_id, 'login', logged_in_at from raw.crm_logins
    union all
    select esp_events.contact_id, 'open', occurred_at
    from raw.esp_events join raw.crm_contacts using (contact_id)
    where event = 'opened' and actor = 'human' and tracking_consent
    union all
    select contact_id, 'click', occurred_at
    from raw.esp_events
    where event = 'clicked' and actor = 'human' and url not like '%unsubscribe%'
        and (esp, event_id) not in (select esp, event_id from intermediate.int_robot_clicks)
),
dated as (
    select * from signals
    union all
    select contact_id, 'sign_up', coalesce(signed_up_at, min(signals.at), first_loaded_at)
    from raw.crm_contacts left join signals using (contact_id)
    group by contact_id, signed_up_at, first_loaded_at
)
select contact_id, dated.at::date, thresholds.dormant_after_days, thresholds.lost_after_days
from dated
join raw.crm_contacts as contacts using (contact_id)
join lateral (
    select dormant_after_days, lost_after_days
    from seeds.status_thresholds
    where signal = dated.signal and business_line in ('*', contacts.business_line)
    order by business_line = '*'
    limit 1
) as thresholds on true
order by all
