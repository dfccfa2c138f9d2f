delete from suppressions
where expires_on <= $as_of::date
