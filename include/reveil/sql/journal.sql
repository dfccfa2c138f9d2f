-- What the package itself writes. Idempotent: run at each opening for writing.
create schema if not exists raw;
create schema if not exists journal;

-- rows set aside by a load: where they stand and why, never what they hold
create table if not exists raw.rejects (
    load_id bigint not null,
    table_name varchar not null,
    file_name varchar not null,
    line bigint not null,
    column_name varchar,
    reason varchar not null
);

-- for contacts without tracking consent: the date of the last open and nothing else
create table if not exists raw.last_opens (
    contact_id varchar primary key,
    last_open_date date not null
);

create sequence if not exists journal.load_ids;

create table if not exists journal.origin (
    origin varchar not null check (origin in ('sample', 'company')),
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

create table if not exists journal.loads (
    load_id bigint not null,
    table_name varchar not null,
    file_name varchar not null,
    digest varchar not null,
    origin varchar not null,
    mode varchar not null,
    as_of timestamp not null,
    rows_read bigint not null,
    rows_new bigint not null,
    rows_changed bigint not null,
    rows_unchanged bigint not null,
    rows_rejected bigint not null,
    rows_removed bigint not null,
    is_shrunken boolean not null,
    newest_at timestamp,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

-- one message of one step on one night: the intent, written once, before anything leaves
create table if not exists journal.batches (
    batch_key varchar primary key,
    campaign varchar not null,
    step varchar not null,
    message varchar not null,
    language varchar not null,
    as_of timestamp not null,
    n integer not null,
    esp varchar not null,
    planned bigint not null,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

-- how far a batch got: ready, started, closed, or cancelled because it never started
create table if not exists journal.batch_events (
    batch_key varchar not null,
    event varchar not null,
    esp_list_id varchar,
    esp_campaign_id varchar,
    contacts bigint,
    as_of timestamp not null,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

-- the unit of "never twice"; outcome is set once: sent, refused, unknown
create table if not exists journal.batch_contacts (
    batch_key varchar not null,
    campaign varchar not null,
    enrolment integer not null,
    step varchar not null,
    contact_id varchar not null,
    as_of timestamp not null,
    offer varchar,
    offer_cost decimal(18, 2) not null default 0,
    outcome varchar,
    outcome_why varchar,
    recorded_at timestamp not null default (now() at time zone 'UTC'),
    unique (campaign, enrolment, step, contact_id)
);

create table if not exists journal.budget_entries (
    budget varchar not null,
    batch_key varchar not null,
    contact_id varchar not null,
    amount decimal(18, 2) not null,
    currency varchar not null,
    entry varchar not null check (entry in ('committed', 'released')),
    as_of timestamp not null,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

create table if not exists journal.esp_contacts (
    esp varchar not null,
    esp_id varchar not null,
    contact_id varchar not null,
    recorded_at timestamp not null default (now() at time zone 'UTC'),
    primary key (esp, esp_id)
);

create table if not exists journal.outcome_totals (
    campaign varchar not null,
    step varchar not null,
    measure varchar not null,
    total decimal(18, 2) not null,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

create table if not exists journal.guard_changes (
    provider varchar not null,
    change varchar not null check (change in ('halt', 'lift')),
    why varchar not null,
    as_of timestamp,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

-- how far each feed of the ESP has been read; the newest row of a feed counts
create table if not exists journal.gather_cursors (
    esp varchar not null,
    feed varchar not null,
    cursor_value varchar not null,
    rows_new bigint not null,
    rows_unknown bigint not null,
    as_of timestamp not null,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

-- what ran for which night: the newest as_of with side effects guards against going back
create table if not exists journal.runs (
    verb varchar not null,
    as_of timestamp not null,
    result varchar not null,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

-- tonight's audience as planned, before any intent; checked by the audience suite, then pushed
create table if not exists journal.audience (
    campaign varchar not null,
    enrolment integer not null,
    step varchar not null,
    message varchar not null,
    language varchar not null,
    contact_id varchar not null,
    mailbox_id varchar,
    provider varchar,
    as_of timestamp not null,
    offer varchar,
    offer_cost decimal(18, 2) not null default 0,
    is_mailable boolean not null,
    has_address boolean not null,
    last_message_at timestamp,
    priority bigint not null
);

-- how a campaign file was taken, written before the messages that showed it are erased: it stands for good
create table if not exists journal.campaign_verdicts (
    campaign varchar not null,
    file_digest varchar,
    verdict varchar not null check (verdict in ('passed', 'failed')),
    why varchar not null,
    as_of timestamp not null,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

-- subscribers whom we have had suppressed at the ESP for good
create table if not exists journal.esp_suppressions (
    esp varchar not null,
    esp_id varchar not null,
    as_of timestamp not null,
    recorded_at timestamp not null default (now() at time zone 'UTC'),
    primary key (esp, esp_id)
);

-- who stands on which list of regular messages, as last confirmed by the provider; refused: it does not let them in
create table if not exists journal.regular_members (
    esp varchar not null,
    frequency varchar not null,
    contact_id varchar not null,
    esp_id varchar,
    state varchar not null check (state in ('member', 'refused')),
    contact_load_id bigint not null,
    as_of timestamp not null,
    recorded_at timestamp not null default (now() at time zone 'UTC'),
    primary key (esp, frequency, contact_id)
);

-- when each of those lists was last read whole
create table if not exists journal.regular_read_backs (
    esp varchar not null,
    frequency varchar not null,
    members bigint not null,
    strangers bigint not null,
    as_of timestamp not null,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

-- which words the batch sends, to tell when they have gone out unchanged for too long
alter table journal.batches add column if not exists message_digest varchar;

-- each passage of a contact through a campaign, holdouts included; written with the first intent. closes_on is known
-- beforehand for holdouts alone
create table if not exists journal.enrolments (
    campaign varchar not null,
    enrolment integer not null,
    contact_id varchar not null,
    arm varchar not null check (arm in ('treated', 'holdout')),
    as_of timestamp not null,
    closes_on date,
    file_digest varchar,
    recorded_at timestamp not null default (now() at time zone 'UTC'),
    unique (campaign, enrolment, contact_id)
);

-- orders of erased people, kept for accounting: no contact, and a surrogate that stands nowhere else
create schema if not exists archive;

create table if not exists archive.orders (
    order_id varchar not null,
    surrogate varchar not null,
    ordered_at timestamp not null,
    amount decimal(18, 2) not null,
    currency varchar,
    status varchar,
    business_line varchar,
    fiscal_year integer not null,
    keep_until date not null
);

-- rows of erased people that exports still hold: counted, never kept
create table if not exists journal.load_refusals (
    load_id bigint not null,
    table_name varchar not null,
    reason varchar not null,
    rows_refused bigint not null,
    contacts bigint not null,
    as_of timestamp not null,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

-- who was erased for inactivity and came back by themselves: what is older than the erasure stays out
create table if not exists journal.readmissions (
    contact_id varchar primary key,
    erased_at timestamp not null,
    had_objected boolean not null,
    as_of timestamp not null,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

-- who is being erased: from here on nobody mails them; deleted with the contact
create table if not exists journal.erasure_freezes (
    run_id varchar not null,
    contact_id varchar not null,
    reason varchar not null,
    as_of timestamp not null,
    recorded_at timestamp not null default (now() at time zone 'UTC'),
    primary key (run_id, contact_id)
);

-- how many rows an erasure took from each table: written in the transaction that takes them
create table if not exists journal.erasure_counts (
    run_id varchar not null,
    table_name varchar not null,
    total bigint not null,
    recorded_at timestamp not null default (now() at time zone 'UTC'),
    primary key (run_id, table_name)
);

-- a person's word that a campaign may go on: a changed file's first send, or a night above the file's approve_above
create table if not exists journal.approvals (
    campaign varchar not null,
    file_digest varchar,
    as_of timestamp not null,
    contacts bigint not null,
    cost decimal(18, 2) not null,
    approved_by varchar not null,
    recorded_at timestamp not null default (now() at time zone 'UTC')
);

-- added since the first version
alter table journal.guard_changes add column if not exists is_automatic boolean default false;
alter table journal.batches add column if not exists file_digest varchar;
-- a holdout's row has no step, message or language
alter table journal.audience alter column step drop not null;
alter table journal.audience alter column message drop not null;
alter table journal.audience alter column language drop not null;
alter table journal.audience add column if not exists budget varchar;
alter table journal.audience add column if not exists currency varchar;
alter table journal.audience add column if not exists arm varchar default 'treated';
alter table journal.audience add column if not exists is_enrolment boolean default false;
alter table journal.audience add column if not exists closes_on date;
alter table journal.audience add column if not exists file_digest varchar;
alter table journal.batches add column if not exists is_canary boolean default false;
