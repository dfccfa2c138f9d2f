-- when each contact last did something that shows interest; the mailbox's and the night's order follow it
with

signals as (

    select * from {{ ref('int_signals') }}

)

select
    contact_id,
    max(last_at) as engaged_at
from signals
group by contact_id
