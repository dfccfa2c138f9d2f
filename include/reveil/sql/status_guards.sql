select provider, verdict, allowed_volume, why
from marts.deliverability
where day = cast(as_of as date) and verdict <> 'ok'
order by verdict, provider
