-- attention_by_business: where the sessions, minutes, tokens and cost of a window went.
-- Grain:  one row per business, most minutes first; null, the unread and unknown, last.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

business_sums as (

    -- The first business owns the session; nothing is counted twice.
    select
        business,
        count(*) as session_count,
        sum(active_minutes) as active_minutes,
        sum(total_tokens) as total_tokens,
        case
            when sum(unpriced_message_count) > 0 then sum(cost_usd)
            else coalesce(sum(cost_usd), 0)
        end as cost_usd
    from insights.window_facts(%(window_start)s, %(window_end)s)
    group by business

)

select
    business,
    session_count,
    active_minutes,
    total_tokens,
    cost_usd
from business_sums
order by business is null, active_minutes desc, business
