select distinct esp_id
from members
where address is null or address not in (select address from wanted where refused_why is null)
order by esp_id
