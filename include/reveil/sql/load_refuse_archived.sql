update {stage} as stage
set problem = 'order_id:erased archived'
from archive.orders as archived
where stage.order_id = archived.order_id and stage.problem is null
