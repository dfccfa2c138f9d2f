select
    count(*) filter (where refused_until is null),
    count(*) filter (where refused_until is not null and is_new and contact_id not in (select contact_id from journal.readmissions))
from load_refused
