-- Who may not come back (refused_until null: no row of theirs), and who came back by themselves after an
-- erasure for inactivity (refused_until: their rows up to then stay out).
create or replace temp table load_refused as
with matched as (
    select
        unnest($contact_ids::varchar[]) as contact_id,
        unnest($reasons::varchar[]) as reason,
        unnest($erased_at::timestamp[]) as erased_at,
        unnest($had_objected::boolean[]) as had_objected
),

signs as (
    select signs.contact_id, max(signs.happened_at) as last_at
    from ({signs}) as signs
    semi join matched using (contact_id)
    group by signs.contact_id
),

people as (
    select
        matched.contact_id,
        max_by(matched.reason, matched.reason = 'request') as reason,
        max(matched.erased_at) as erased_at,
        bool_or(matched.had_objected) as had_objected,
        bool_or(matched.reason = 'request') as is_for_good
    from matched
    group by matched.contact_id
)

select
    people.contact_id,
    people.reason,
    people.erased_at,
    people.had_objected,
    case when not people.is_for_good and signs.last_at > people.erased_at then people.erased_at end as refused_until,
    true as is_new
from people
left join signs using (contact_id)
union all
select contact_id, 'retention', erased_at, had_objected, erased_at, false
from journal.readmissions
where contact_id not in (select contact_id from people)
