-- outcomes: how the sessions of a window ended.
-- Grain:  one row per outcome, best first; null, the unknown, last.
-- Reads:  insights.window_sessions, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

read_sessions as (

    select
        session.session_id,
        facet.outcome
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    inner join insights.session_facets as facet on session.session_id = facet.session_id

),

outcome_counts as (

    select
        outcome,
        count(*) as session_count
    from read_sessions
    group by outcome

)

select
    outcome,
    session_count
from outcome_counts
order by
    array_position(
        array[
            'fully_achieved', 'mostly_achieved', 'partially_achieved', 'not_achieved', 'unclear_from_transcript'
        ],
        outcome
    )
