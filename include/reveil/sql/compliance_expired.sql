select count(*)
from suppressions
where expires_on <= $as_of::date
