-- claim_owners: the first session in time owns a message; run after release_owners.
-- Reads:  insights.message_claims
-- Params: message_ids
update insights.session_messages as message
set is_owner = true
from insights.message_claims as claim
where
    claim.message_id = any(%(message_ids)s)
    and message.session_id = claim.session_id
    and message.message_id = claim.message_id
    and not message.is_owner
    and claim.place = 1
