select distinct contact_id, contact_id as value
from load_arrivals
