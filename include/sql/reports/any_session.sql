-- any_session: is there anything to report about?
-- Grain:  one row.
-- Reads:  insights.claude_sessions
-- Params: none
select count(*) > 0 as is_any
from (
    select id
    from insights.claude_sessions
    order by id
    limit 1
) as session
