select
    case when is_mailable then 'may be mailed on a later night' else not_mailable_reason end as reason,
    count(*)
from marts.contact_status
where status = 'dormant' and contact_id not in (select contact_id from marts.next_step)
group by reason
order by count(*) desc, reason
