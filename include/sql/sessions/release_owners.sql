-- release_owners: messages lose the owner that is no longer the first in time.
-- Reads:  insights.message_claims
-- Params: message_ids
update insights.session_messages as message
set is_owner = false
from insights.message_claims as claim
where
    claim.message_id = any(%(message_ids)s)
    and message.session_id = claim.session_id
    and message.message_id = claim.message_id
    and message.is_owner
    and claim.place > 1
