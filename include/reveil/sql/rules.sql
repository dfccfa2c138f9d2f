-- The campaign files as tables, written whole before each build: a warehouse of an older release gets them anew.
create schema if not exists rules;

create table if not exists rules.campaigns (
    campaign varchar primary key,
    audience varchar not null,
    is_enabled boolean not null,
    first_step varchar not null,
    max_per_night integer not null,
    default_language varchar not null,
    max_messages integer not null default 2,
    cool_off_days integer not null default 180,
    holdout_share double not null default 0,
    salt varchar,
    observation_days integer not null default 60,
    unknown_opens varchar not null default 'ignore' check (unknown_opens in ('count', 'ignore')),
    conversion_days integer not null default 90,
    read_on date,
    path_days integer not null default 0,
    erases_early boolean not null default false,
    file_digest varchar,
    approve_above_contacts integer,
    approve_above_cost decimal(18, 2)
);

create table if not exists rules.campaign_steps (
    campaign varchar not null,
    step varchar not null,
    message varchar not null,
    offer varchar,
    offer_cost decimal(18, 2) not null default 0,
    wait_days integer not null default 7,
    budget varchar,
    currency varchar,
    primary key (campaign, step)
);

create table if not exists rules.campaign_transitions (
    campaign varchar not null,
    step varchar not null,
    reaction varchar not null,
    next_step varchar,
    "exit" varchar,
    otherwise_step varchar,
    otherwise_exit varchar,
    primary key (campaign, step, reaction)
);

create table if not exists rules.campaign_messages (
    campaign varchar not null,
    message varchar not null,
    language varchar not null,
    digest varchar,
    primary key (campaign, message, language)
);

create table if not exists rules.campaign_answers (
    campaign varchar not null,
    link varchar not null,
    url varchar not null,
    frequency varchar,
    relevance integer,
    stays boolean not null default false,
    primary key (campaign, link)
);

create table if not exists rules.budgets (
    budget varchar primary key,
    amount decimal(18, 2) not null,
    currency varchar not null,
    period varchar not null check (period in ('campaign', 'month', 'quarter', 'year'))
);

create table if not exists rules.offers (
    campaign varchar not null,
    offer varchar not null,
    cost decimal(18, 2) not null,
    currency varchar not null,
    valid_days integer not null,
    coupon varchar not null,
    expected_redemption decimal(6, 4) not null,
    budget varchar not null,
    primary key (campaign, offer)
);
