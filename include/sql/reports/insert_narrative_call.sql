-- insert_narrative_call: what a report's text cost.
-- Grain:  one row.
-- Writes: insights.narrative_calls
-- Params: snapshot_id, model, cost_usd
insert into insights.narrative_calls (snapshot_id, model, cost_usd)
values (%(snapshot_id)s, %(model)s, %(cost_usd)s)
