-- upsert_waiting: put a message into the outbox; one that was claimed or sent stays as it is.
-- Grain:  one row: its id and state; none if it was claimed or sent.
-- Writes: insights.notifications
-- Params: channel, dedupe_key, title, payload -- jsonb, payload_digest
insert into insights.notifications as message (channel, dedupe_key, title, payload, payload_digest)
values (%(channel)s, %(dedupe_key)s, %(title)s, %(payload)s::jsonb, %(payload_digest)s)
on conflict (channel, dedupe_key) do update
    set
        title = excluded.title,
        payload = excluded.payload,
        payload_digest = excluded.payload_digest
    where message.state in ('waiting', 'failed')
returning id, state
