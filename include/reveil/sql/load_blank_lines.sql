-- Blank lines by how many filled lines stand before them: (place, how many blank ones up to there)
create or replace temp table load_blanks as
select line, number, line - number as place
from (select unnest($lines::bigint[]) as line, unnest(range(1, len($lines::bigint[]) + 1)) as number)
