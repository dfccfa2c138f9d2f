select contact_id, address as value
from load_arrivals
where address is not null
