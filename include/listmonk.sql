-- Settings that listmonk keeps in its own database. docker-compose.yaml runs this with psql at every start,
-- before listmonk reads them.

-- The mail catcher takes the place of the installer's example; a server that a person has set stays.
update settings
set value = jsonb_build_array(jsonb_build_object(
    'enabled', true, 'host', 'mailpit', 'port', 1025, 'auth_protocol', 'none', 'username', '', 'password', '',
    'hello_hostname', '', 'max_conns', 10, 'idle_timeout', '15s', 'wait_timeout', '5s', 'max_msg_retries', 2,
    'tls_type', 'none', 'tls_skip_verify', false, 'email_headers', '[]'::jsonb
))
where key = 'smtp' and value -> 0 ->> 'host' = 'smtp.yoursite.com';

-- Where the links of a message lead (tracking, unsubscribe); LISTMONK_ROOT_URL decides.
update settings set value = to_jsonb(:'root_url'::text) where key = 'app.root_url';

-- Without it nobody's opens and clicks are kept; those of contacts who did not consent are dropped when gathered.
update settings set value = 'true' where key = 'privacy.individual_tracking';

-- Bounces and complaints come in by webhook.
update settings set value = 'true' where key in ('bounce.enabled', 'bounce.webhooks_enabled');
