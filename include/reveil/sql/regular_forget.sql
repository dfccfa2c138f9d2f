-- rows of a list that its reading did not confirm
delete from journal.regular_members as held
where held.esp = $esp and held.frequency = $frequency
    and not exists (
        select 1
        from wanted
        inner join members_now on wanted.address = members_now.address
        where wanted.frequency = held.frequency and wanted.contact_id = held.contact_id
    )
