-- upsert_waiting: put a message into the outbox; one that was claimed or sent stays as it is.
-- Grain:  one row: its id and state.
-- Writes: insights.notifications
-- Params: channel, dedupe_key, title, payload -- jsonb
insert into insights.notifications as message (channel, dedupe_key, title, payload)
values (%(channel)s, %(dedupe_key)s, %(title)s, %(payload)s::jsonb)
on conflict (channel, dedupe_key) do update
set
    title = case when message.state in ('waiting', 'failed') then excluded.title else message.title end,
    payload = case when message.state in ('waiting', 'failed') then excluded.payload else message.payload end
returning message.id, message.state
