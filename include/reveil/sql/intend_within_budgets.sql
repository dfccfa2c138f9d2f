-- leaves out, in order of past spend, whoever's offer has no room any more: a budget is held against all that was ever
-- committed and not released in its period, whatever the models saw. Who is left out is planned again another night.
delete from journal.audience
where (campaign, enrolment, step, contact_id) in (
    with committed as (
        select entries.budget, sum(if(entries.entry = 'released', -entries.amount, entries.amount)) as amount
        from journal.budget_entries as entries
        inner join rules.budgets as budgets using (budget)
        where budgets.period = 'campaign'
            or date_trunc(budgets.period, entries.as_of) = date_trunc(budgets.period, $as_of::timestamp)
        group by entries.budget
    ),

    asked as (
        select
            audience.campaign,
            audience.enrolment,
            audience.step,
            audience.contact_id,
            budgets.amount - coalesce(committed.amount, 0) as room,
            sum(audience.offer_cost) over (
                partition by audience.budget
                order by recency.spend desc nulls last, audience.contact_id
                rows between unbounded preceding and current row
            ) as asked_so_far
        from journal.audience as audience
        left join rules.budgets as budgets
            on audience.budget = budgets.budget and audience.currency = budgets.currency
        left join committed on audience.budget = committed.budget
        left join marts.contact_recency as recency on audience.contact_id = recency.contact_id
        where audience.arm = 'treated' and audience.offer_cost > 0
    )

    select campaign, enrolment, step, contact_id
    from asked
    where asked_so_far <= room is not true
)
