-- both values, and the address within a longer text
create table planted as select $contact as a, $address as b, 'to ' || $address || ', by hand' as c
