select distinct email from {stage} where regexp_matches(email, '[^\x00-\x7F]') and problem is null
