-- close_request: note what came of a request.
-- Grain:  one row.
-- Writes: insights.facet_batch_requests
-- Params: custom_id, state, extraction_id
update insights.facet_batch_requests
set
    state = %(state)s,
    extraction_id = %(extraction_id)s
where custom_id = %(custom_id)s
