insert into journal.batch_contacts (
    batch_key, campaign, enrolment, step, contact_id, as_of, offer, offer_cost
)
select
    batches.batch_key,
    audience.campaign,
    audience.enrolment,
    audience.step,
    audience.contact_id,
    audience.as_of,
    audience.offer,
    audience.offer_cost
from journal.audience as audience
inner join journal.batches as batches using (campaign, step, message, language, as_of)
where audience.as_of = $as_of and audience.arm = 'treated'
