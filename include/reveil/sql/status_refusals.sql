select not_mailable_reason, count(*)
from marts.contact_status
where not is_mailable
group by not_mailable_reason
order by count(*) desc, not_mailable_reason
