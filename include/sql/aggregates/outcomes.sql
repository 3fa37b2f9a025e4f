-- outcomes: how the sessions of a window ended.
-- Grain:  one row per outcome, best first; null, the unknown, last.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

outcome_counts as (

    select
        outcome,
        count(*) as session_count
    from insights.window_facts(%(window_start)s, %(window_end)s)
    where is_read
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
