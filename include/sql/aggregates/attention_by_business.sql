-- attention_by_business: where the sessions, minutes, tokens and cost of a window went.
-- Grain:  one row per business, most minutes first; null, the unread and unknown, last.
-- Reads:  insights.window_sessions, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

sessions as (

    -- The first business owns the session; nothing is counted twice.
    select
        session.*,
        facet.businesses ->> 0 as business
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    left join insights.session_facets as facet on session.session_id = facet.session_id

),

business_sums as (

    select
        business,
        count(*) as session_count,
        sum(active_minutes::numeric) as active_minutes,
        sum(total_tokens) as total_tokens,
        case
            when sum(unpriced_message_count) > 0 then sum(cost_usd::numeric)
            else coalesce(sum(cost_usd::numeric), 0)
        end as cost_usd
    from sessions
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
