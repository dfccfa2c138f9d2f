-- what a build found, in one row
select
    (select count(*) from marts.contacts) as contacts,
    (select count(*) from marts.contact_status where status = 'active') as active,
    (select count(*) from marts.contact_status where status = 'dormant') as dormant,
    (select count(*) from marts.contact_status where status = 'lost') as lost,
    (select count(*) from marts.contact_status where is_drifting) as drifting,
    (select count(*) from marts.contact_status where is_mailable) as mailable,
    (select count(*) from marts.next_step) as next_steps,
    (select count(*) from marts.erasure_due) as erasure_due,
    (select count(*) from marts.erasure_due where days_overdue > 0) as erasure_overdue
