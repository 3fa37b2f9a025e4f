-- settle: what became of a claimed message: sent, or waiting or failed with the reason.
-- Grain:  one row: its id; none if it was not claimed.
-- Writes: insights.notifications
-- Params: message_id, state, receipt, error
update insights.notifications
set
    state = %(state)s,
    receipt = %(receipt)s,
    error = %(error)s,
    -- What was posted is in the channel; names and titles are not kept here as well.
    payload = case when %(state)s = 'sent' then '{}' else payload end,
    sent_at = case when %(state)s = 'sent' then now() end
where
    id = %(message_id)s
    and state = 'sending'
returning id
