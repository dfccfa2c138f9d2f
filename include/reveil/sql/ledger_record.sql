insert into ledger
values (
    $run_id, $as_of, $finished_at, $rule_version, $reasons, $counts, $digest_before, $digest_after, $verification,
    $systems, $waivers, $approved_by
)
on conflict do nothing
