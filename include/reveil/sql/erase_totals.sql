-- What erased contacts contributed, without any key of theirs: results and lift stay what they were.
insert into journal.outcome_totals (campaign, step, measure, total)
select campaign, step, coalesce(outcome, 'open'), count(*)
from journal.batch_contacts
where contact_id in (select contact_id from going)
group by campaign, step, coalesce(outcome, 'open')
union all
select campaign, step, measure, total
from (
    select
        campaign,
        step,
        sum(delivered::integer)::decimal(18, 2) as delivered,
        sum(opened::integer)::decimal(18, 2) as opened,
        sum(clicked::integer)::decimal(18, 2) as clicked,
        sum(purchased::integer)::decimal(18, 2) as purchased,
        sum(revenue)::decimal(18, 2) as revenue,
        sum(spend_committed)::decimal(18, 2) as spend_committed
    from marts.campaign_messages
    where contact_id in (select contact_id from going)
    group by campaign, step
) unpivot (
    total for measure in (delivered, opened, clicked, purchased, revenue, spend_committed)
)
union all
select campaign, '', case measure when 'enrolled' then arm else arm || '_' || measure end, total
from (
    select
        campaign,
        arm,
        count(*)::decimal(18, 2) as enrolled,
        sum(converted)::decimal(18, 2) as converted,
        sum(revenue)::decimal(18, 2) as revenue
    from intermediate.int_conversions
    where contact_id in (select contact_id from going)
    group by campaign, arm
) unpivot (
    total for measure in (enrolled, converted, revenue)
)
union all
-- the read date counts from the first enrolment of all
select campaign, '', 'first_enrolled_day', date_diff('day', date '1970-01-01', min(as_of)::date)
from journal.enrolments
where contact_id in (select contact_id from going)
group by campaign
