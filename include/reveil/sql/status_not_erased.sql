select coalesce(max_by(not_erased_at_source, night), 0)
from marts.erasure_overdue
