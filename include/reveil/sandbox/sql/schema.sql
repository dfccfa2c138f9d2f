-- The sandbox's state. Instants are microseconds since 1970 in UTC; tags, headers and attributes are JSON text.

create table if not exists meta (
    key text primary key,
    value text not null
) without rowid;

create table if not exists lists (
    id integer primary key autoincrement,
    uuid text not null unique,
    name text not null,
    type text not null,
    optin text not null,
    status text not null default 'active',
    tags text not null,
    description text not null,
    created_at integer not null,
    updated_at integer not null
);

create table if not exists subscribers (
    id integer primary key autoincrement,
    uuid text not null unique,
    email text not null unique,
    name text not null,
    attribs text not null,
    status text not null,
    created_at integer not null,
    updated_at integer not null
);
create index if not exists subscribers_by_update on subscribers (updated_at);

create table if not exists subscriber_lists (
    list_id integer not null references lists (id) on delete cascade,
    subscriber_id integer not null references subscribers (id) on delete cascade,
    status text not null,
    created_at integer not null,
    updated_at integer not null,
    primary key (list_id, subscriber_id)
) without rowid;
create index if not exists subscriber_lists_by_subscriber on subscriber_lists (subscriber_id);
create index if not exists subscriber_lists_by_status on subscriber_lists (list_id, status, subscriber_id);

create table if not exists campaigns (
    id integer primary key autoincrement,
    uuid text not null unique,
    type text not null,
    name text not null,
    subject text not null,
    from_email text not null,
    body text not null,
    altbody text,
    content_type text not null,
    send_at integer,
    headers text not null,
    tags text not null,
    attribs text not null,
    template_id integer,
    messenger text not null,
    status text not null default 'draft',
    to_send integer not null default 0,
    sent integer not null default 0,
    started_at integer,
    created_at integer not null,
    updated_at integer not null
);

create table if not exists campaign_lists (
    campaign_id integer not null references campaigns (id) on delete cascade,
    list_id integer references lists (id) on delete set null,
    list_name text not null
);
create index if not exists campaign_lists_by_campaign on campaign_lists (campaign_id);
create index if not exists campaign_lists_by_list on campaign_lists (list_id);

-- Who was really sent to; sent_at is null for those whom a running campaign left out without telling.
create table if not exists sent (
    id integer primary key,
    campaign_id integer not null,
    subscriber_id integer not null,
    sent_at integer,
    unique (campaign_id, subscriber_id)
);

-- messages sent as a test: nobody's campaign
create table if not exists tests (
    id integer primary key,
    email text not null,
    subject text not null,
    body text not null,
    sent_at integer not null
);

create table if not exists links (
    id integer primary key autoincrement,
    uuid text not null unique,
    url text not null unique
);

create table if not exists campaign_views (
    id integer primary key autoincrement,
    campaign_id integer references campaigns (id) on delete set null,
    subscriber_id integer references subscribers (id) on delete set null,
    created_at integer not null
);
create index if not exists campaign_views_by_campaign on campaign_views (campaign_id);
create index if not exists campaign_views_by_subscriber on campaign_views (subscriber_id);
create index if not exists campaign_views_by_instant on campaign_views (created_at);

create table if not exists link_clicks (
    id integer primary key autoincrement,
    campaign_id integer references campaigns (id) on delete set null,
    link_id integer not null references links (id),
    subscriber_id integer references subscribers (id) on delete set null,
    created_at integer not null
);
create index if not exists link_clicks_by_campaign on link_clicks (campaign_id);
create index if not exists link_clicks_by_subscriber on link_clicks (subscriber_id);
create index if not exists link_clicks_by_instant on link_clicks (created_at);

create table if not exists bounces (
    id integer primary key autoincrement,
    subscriber_id integer not null references subscribers (id) on delete cascade,
    campaign_id integer references campaigns (id) on delete set null,
    type text not null,
    source text not null,
    meta text not null,
    created_at integer not null
);
create index if not exists bounces_by_subscriber on bounces (subscriber_id);
create index if not exists bounces_by_campaign on bounces (campaign_id);

-- Reactions that recipients have decided on at the send and that become visible at their instant.
create table if not exists pending (
    id integer primary key,
    due integer not null,
    campaign_id integer not null references campaigns (id) on delete cascade,
    subscriber_id integer not null,
    kind text not null,
    link_id integer
);
create index if not exists pending_by_due on pending (due);
create index if not exists pending_by_campaign on pending (campaign_id);
