-- campaigns of tonight's audience that wait for a person: the first send of a file, or more than the file lets go by itself
with nights as (
    select campaign, max(file_digest) as file_digest, count(*) as contacts, sum(offer_cost) as cost
    from journal.audience
    where as_of = $as_of and arm = 'treated'
    group by campaign
)

select
    nights.campaign,
    nights.file_digest,
    nights.contacts,
    nights.cost,
    concat_ws(
        ' and ',
        if(
            nights.file_digest not in (select file_digest from journal.batches where file_digest is not null)
            and nights.file_digest not in (select file_digest from journal.approvals where file_digest is not null),
            'its file or a text is new or changed',
            null
        ),
        if(
            nights.contacts > rules.approve_above_contacts,
            format('{} contacts are more than {}', nights.contacts, rules.approve_above_contacts),
            null
        ),
        if(
            nights.cost > rules.approve_above_cost,
            format('offers of {} are more than {}', nights.cost::varchar, rules.approve_above_cost::varchar),
            null
        )
    ) as why
from nights
inner join rules.campaigns as rules using (campaign)
where not exists (
        select 1
        from journal.approvals as given
        where given.campaign = nights.campaign
            and given.file_digest is not distinct from nights.file_digest
            and given.as_of = $as_of
            and given.contacts >= nights.contacts
            and given.cost >= nights.cost
    )
    and why <> ''
order by nights.campaign
