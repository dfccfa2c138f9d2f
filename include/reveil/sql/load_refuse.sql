-- The rows of one file that stay out; its keys still count, so a snapshot removes nothing for them.
update {stage} as stage
set problem = 'contact_id:erased ' || refused.reason
from load_refused as refused
where stage.problem is null
    and stage.contact_id = refused.contact_id
    and (refused.refused_until is null or {occurred_at} <= refused.refused_until)
