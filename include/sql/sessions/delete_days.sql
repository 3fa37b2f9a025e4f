-- delete_days: before insert_days.
-- Params: session_ids
delete from insights.session_days
where session_id = any(%(session_ids)s)
