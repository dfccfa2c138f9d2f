-- contacts per business line; the empty text stands for none
select coalesce(business_line, '') as business_line, count(*) as contacts
from raw.crm_contacts
group by 1
order by 1
