-- all that the published copy knows of one contact that explains a decision; nothing that names the person
select
    statuses.contact_id,
    statuses.as_of,
    statuses.business_line,
    recency.contact_kind,
    statuses.status,
    statuses.status_since,
    statuses.rule,
    statuses.deciding_signal,
    statuses.deciding_signal_at,
    statuses.days_since,
    statuses.threshold_days,
    statuses.next_status,
    statuses.next_status_on,
    statuses.is_drifting,
    statuses.is_mailable,
    statuses.not_mailable_reason,
    coalesce(steps.campaign, positions.campaign, held.campaign) as campaign,
    steps.arm,
    steps.step,
    steps.message,
    steps.reason as step_reason,
    positions.arm as position_arm,
    positions.step as position_step,
    positions.since as position_since,
    positions.reaction as position_reaction,
    positions.exit as position_exit,
    positions.closes_on as position_closes_on,
    held.step as held_step,
    held.reason as held_reason,
    regular.frequency as regular_frequency,
    clock.last_contact_at,
    clock.last_contact_signal,
    clock.months_kept,
    clock.hold_until,
    clock.due_on as clock_due_on,
    clock.account_months,
    due.reason as erasure_reason,
    coalesce(due.due_on, clock.due_on) as erasure_due_on,
    coalesce(due.days_overdue, 0) as days_overdue
from marts.contact_status as statuses
left join marts.contact_recency as recency using (contact_id)
left join marts.next_step as steps using (contact_id)
left join marts.campaign_position as positions using (contact_id)
left join marts.held_back as held using (contact_id)
left join marts.regular_audience as regular using (contact_id)
left join marts.retention_clock as clock using (contact_id)
left join marts.erasure_due as due using (contact_id)
where statuses.contact_id = $contact_id
