-- what int_settled_events says of itself: the day, whether all of it was settled by the rules of $rules_version, and the
-- count and fingerprint of the raw rows
select
    min(settled_until) as settled_until,
    min(settled_until) = max(settled_until)
        and min(rules_version) = $rules_version
        and max(rules_version) = $rules_version
        and count(*) filter (where signal = 'all_rows') = 1 as is_one_version,
    any_value(row_count) filter (where signal = 'all_rows') as row_count,
    any_value(row_fingerprint) filter (where signal = 'all_rows') as row_fingerprint
from intermediate.int_settled_events
