-- tokens_by_model: the messages, tokens and cost of a window, by model.
-- Grain:  one row per model, most tokens first.
-- Reads:  insights.window_facts, insights.session_models
-- Params: window_start, window_end -- local dates, half-open
with

model_sums as (

    -- With sub-agents. Copied history repeats messages; each counts with its owner, on its own day.
    -- Rounded finer than any list price.
    select
        spent.model,
        sum(spent.message_count) as message_count,
        sum(spent.input_tokens) as input_tokens,
        sum(spent.output_tokens) as output_tokens,
        sum(spent.cache_read_tokens) as cache_read_tokens,
        sum(spent.cache_write_tokens) as cache_write_tokens,
        round(sum(spent.cost_usd), 10) as cost_usd,
        sum(spent.unfinished_message_count) as unfinished_message_count
    from insights.window_facts(%(window_start)s, %(window_end)s) as session
    inner join insights.session_models as spent on session.session_id = spent.session_id
    where
        spent.activity_date >= %(window_start)s
        and spent.activity_date < %(window_end)s
    group by spent.model

)

select
    model,
    message_count,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    cost_usd,
    unfinished_message_count
from model_sums
order by input_tokens + output_tokens + cache_read_tokens + cache_write_tokens desc, model
