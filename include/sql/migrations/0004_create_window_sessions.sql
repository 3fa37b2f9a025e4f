-- The one rule for what "your sessions" of a window are; every aggregate starts from it.

create function insights.window_sessions(window_start date, window_end date)
returns table (
    session_id text,
    title text,
    project text,
    started_at timestamptz,
    active_minutes double precision,
    human_prompt_count bigint,
    message_count bigint,
    input_tokens bigint,
    output_tokens bigint,
    cache_read_tokens bigint,
    cache_write_tokens bigint,
    total_tokens bigint,
    cost_usd double precision,
    unpriced_message_count bigint,
    unfinished_message_count bigint,
    time_zone text
)
language sql stable
as $$
    -- Minutes and cost are added as numeric: the order in which rows are read cannot change the sum.
    select
        session.id,
        session.title,
        session.project,
        session.started_at,
        sum(day.active_minutes::numeric)::double precision,
        sum(day.human_prompt_count),
        sum(day.message_count),
        sum(day.input_tokens)::bigint,
        sum(day.output_tokens)::bigint,
        sum(day.cache_read_tokens)::bigint,
        sum(day.cache_write_tokens)::bigint,
        sum(day.input_tokens + day.output_tokens + day.cache_read_tokens + day.cache_write_tokens)::bigint,
        sum(day.cost_usd::numeric)::double precision,
        sum(day.unpriced_message_count),
        sum(day.unfinished_message_count),
        min(day.time_zone)
    from insights.session_days as day
    inner join insights.claude_sessions as session on day.session_id = session.id
    where
        day.activity_date >= window_start
        and day.activity_date < window_end
        and session.category = 'human'
        and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
    group by session.id
    having sum(day.human_prompt_count) > 0
$$;
comment on function insights.window_sessions is
'Sessions of people in which somebody spoke within the window (local dates, half-open), with what they did in it;
sessions of fewer than 2 prompts and under 1 minute are left out. time_zone is the one that cut their days.';
