-- The text cells of one file as values. `problem` is `column:reason` of the first thing wrong with a
-- row, null for a good one; rows with a problem stay here, since a snapshot's keys count them.
create or replace temp table {stage} as
with words as (
    select line, {words} from {relation}
),
typed as (
    select *, {values} from words
)
select line, {columns}, {problem} as problem
from typed
