delete from intermediate.int_settled_events
where signal = 'open'
    and contact_id not in (select contact_id from raw.crm_contacts where tracking_consent)
