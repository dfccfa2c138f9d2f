-- What becomes of each good row of one file: new, changed, unchanged or conflicting_duplicate.
-- Where the table has no column that dates its rows, `latest` is null: then the later file wins.
create or replace temp table {verdicts} as
with shared as (
    select {keys} from {stage} where problem is null group by {keys} having count(*) > 1
),
-- within the file the latest row of a key counts; among equally late ones the first
ranked as (
    select
        stage.line,
        row_number() over (partition by {stage_keys} order by {stage_latest} desc nulls last, stage.line) = 1 as is_first,
        {stage_cells} is distinct from first_value({stage_cells}) over (
            partition by {stage_keys}, {stage_latest} order by stage.line
        ) as is_conflict
    from {stage} as stage
    semi join shared using ({keys})
    where stage.problem is null
),
beaten as (
    select line, case when is_conflict then 'conflicting_duplicate' else 'unchanged' end as verdict
    from ranked
    where not is_first
),
compared as (
    select
        stage.line,
        case
            when held.load_id is null then 'new'
            when {same_cells} then 'unchanged'
            when {stage_latest} > {held_latest} or {held_latest} is null then 'changed'
            when {stage_latest} = {held_latest} then 'conflicting_duplicate'
            else 'unchanged'
        end as verdict
    from {stage} as stage
    left join raw.{table} as held on {same_key}
    where stage.problem is null
)
select compared.line, coalesce(beaten.verdict, compared.verdict) as verdict
from compared
left join beaten on compared.line = beaten.line
