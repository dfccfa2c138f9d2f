-- held back by a guard, not by anything of their own: they may be planned again once it is lifted
create temp table released as
select contact_id from late where refused_why = 'provider_halted'
