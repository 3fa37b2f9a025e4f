-- any_session: is there anything to report about?
-- Grain:  one row.
-- Reads:  insights.claude_sessions
-- Params: none
select exists (select 1 from insights.claude_sessions) as is_any
