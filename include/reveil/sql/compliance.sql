-- What must outlive the erased data: who may not come back (as HMACs), and the proof that they were erased.
-- The file is never restored together with the warehouse. No address, no contact id, no plain hash.
create table if not exists suppressions (
    entry_id varchar primary key,
    address_hmac varchar,
    contact_hmac varchar not null,
    key_id varchar not null,
    reason varchar not null check (reason in ('retention', 'request', 'account', 'goodbye')),
    state varchar not null check (state in ('pending', 'final')),
    erased_at timestamp not null,
    expires_on date not null,
    run_id varchar not null,
    had_objected boolean not null default false
);

create table if not exists ledger (
    run_id varchar primary key,
    as_of timestamp not null,
    finished_at timestamp not null,
    rule_version varchar,
    reasons json,
    counts json,
    digest_before varchar,
    digest_after varchar,
    verification json,
    systems json,
    waivers json,
    approved_by varchar
);

create table if not exists verifications (
    run_id varchar,
    as_of timestamp not null,
    method varchar not null,
    files bigint not null,
    bytes bigint not null,
    "values" bigint not null, -- noqa: RF06
    found bigint not null,
    places json
);

create table if not exists approvals (
    run_id varchar,
    as_of timestamp not null,
    kind varchar not null,
    due bigint not null,
    approved_by varchar not null,
    recorded_at timestamp not null
);
