select distinct email
from {stage}
where problem is null and email is not null
