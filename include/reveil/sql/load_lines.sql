-- The line on which each good row starts.
create or replace temp table {lines} as
with good as (
    select rowid as ordinal, (sum(span) over (order by rowid) - span)::bigint as place from {source}
),
shifted as (
    select good.ordinal, $header_lines + 1 + good.place + coalesce(load_gaps.shift, 0) as place
    from good
    asof left join load_gaps on good.place >= load_gaps.place
),
blanks as (
    select place, max(number) as number from load_blanks group by place
)
select shifted.ordinal, (shifted.place + coalesce(blanks.number, 0))::bigint as line
from shifted
asof left join blanks on shifted.place > blanks.place
