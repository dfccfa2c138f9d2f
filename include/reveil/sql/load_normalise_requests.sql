update {stage} as stage
set email = found.normalised
from (select unnest($addresses::varchar[]) as address, unnest($normalised::varchar[]) as normalised) as found
where stage.email = found.address
