select
    case when is_mailable then 'mailable: in a campaign already, written to lately, or beyond a night''s number' else not_mailable_reason end as reason,
    count(*)
from marts.contact_status
where status = 'dormant' and contact_id not in (select contact_id from marts.next_step)
group by reason
order by count(*) desc, reason
