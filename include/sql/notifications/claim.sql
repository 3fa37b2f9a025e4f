-- claim: take a message for posting; nobody gets it a second time.
-- Grain:  one row with its payload; none if it was claimed or sent before.
-- Writes: insights.notifications
-- Params: message_id
update insights.notifications
set
    state = 'sending',
    claimed_at = now(),
    attempt_count = attempt_count + 1,
    error = null
where
    id = %(message_id)s
    and state in ('waiting', 'failed')
returning id, channel, dedupe_key, payload
