-- Where rows that could not be read stand between those that could: after so many filled lines of
-- good rows (place), so many filled lines were passed over (shift).
create or replace temp table load_gaps as
with bad as (
    select unnest($lines::bigint[]) as line, unnest($spans::bigint[]) as span
),
counted as (
    select bad.line - coalesce(load_blanks.number, 0) as place, bad.span, sum(bad.span) over (order by bad.line) as shift
    from bad
    asof left join load_blanks on bad.line > load_blanks.line
)
select place - $header_lines - 1 - (shift - span) as place, max(shift) as shift
from counted
group by 1
