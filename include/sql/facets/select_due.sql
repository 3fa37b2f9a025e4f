-- select_due: sessions that a reader should read now.
-- Grain:  one row per session, newest first.
-- Reads:  insights.claude_sessions, insights.session_days, insights.facet_extractions, insights.facet_batches,
--         insights.facet_batch_requests
-- Params: session_ids -- text[] or null; naming a session waives the rules of category, size, quiet and back-off
--         ended_id -- text or null; only this session, which is over: it waives the rule of quiet alone
--         categories -- text[]
--         since, until -- local dates, both included, or null
--         now, quiet_minutes, attempts, result_limit, force
--         is_model -- the reader is a model: what rules have read is due again
--         prompt_version -- of the prompt, or of the rules
--         read_with -- the same as claude_sessions has it: negative for rules
--         dag_run_id -- text or null; what this run has tried before is selected again
with

tried_in_this_run as (

    select distinct session_id
    from insights.facet_extractions
    where dag_run_id = %(dag_run_id)s
    union
    select request.session_id
    from insights.facet_batch_requests as request
    inner join insights.facet_batches as batch on request.batch_id = batch.id
    where batch.dag_run_id = %(dag_run_id)s

),

wanted as (

    -- All that may be due: what was read as it should be now is the rest of history. An index knows ranges, and no <>.
    select session.id
    from (
        values
        (-2147483648, %(read_with)s::int - 1),
        (%(read_with)s::int + 1, case when %(is_model)s then 2147483647 else 0 end)
    ) as other_readings (lowest, highest)
    inner join insights.claude_sessions as session
        on session.read_with between other_readings.lowest and other_readings.highest
    where
        session.failure_count = 0
        and not %(force)s
        and %(session_ids)s::text[] is null
        and %(ended_id)s::text is null
        and session.category = any(%(categories)s::text[])
        and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
        and coalesce(session.last_record_at > session.entries_deleted_until, session.entries_deleted_until is null)
    union
    -- And of those that have failed, all but those that have failed with the same question too often.
    select session.id
    from (
        values
        (-2147483648, %(read_with)s::int - 1, 2147483647),
        (%(read_with)s::int, %(read_with)s::int, %(attempts)s::int - 1),
        (%(read_with)s::int + 1, 2147483647, 2147483647)
    ) as other_failures (lowest, highest, most)
    inner join insights.claude_sessions as session
        on
            session.failed_with between other_failures.lowest and other_failures.highest
            and other_failures.most >= session.failure_count
    where
        session.failure_count > 0
        and not %(force)s
        and %(session_ids)s::text[] is null
        and %(ended_id)s::text is null
        and session.category = any(%(categories)s::text[])
        and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
        and coalesce(session.last_record_at > session.entries_deleted_until, session.entries_deleted_until is null)
    union
    select session.id
    from insights.claude_sessions as session
    where
        %(force)s
        and %(session_ids)s::text[] is null
        and %(ended_id)s::text is null
        and session.category = any(%(categories)s::text[])
    union
    select named.id
    from unnest(%(session_ids)s::text[] || %(ended_id)s::text) as named (id)
    union
    select tried_in_this_run.session_id
    from tried_in_this_run

),

in_a_batch as (

    -- Its answer is under way and paid for. A batch that nobody collects for two days holds nothing back any more.
    select request.session_id
    from insights.facet_batch_requests as request
    inner join insights.facet_batches as batch on request.batch_id = batch.id
    where
        request.state = 'open'
        and batch.planned_at > %(now)s::timestamptz - interval '2 days'

),

candidates as (

    select
        session.id as session_id,
        session.title,
        coalesce(session.started_at, session.first_record_at) as began_at,
        tried_in_this_run.session_id is not null as is_again,
        session.read_with = %(read_with)s or (not %(is_model)s and session.read_with > 0) as is_read,
        session.id = any(%(session_ids)s::text[]) as is_named,
        session.id in (select in_a_batch.session_id from in_a_batch) as is_in_batch,
        session.category = any(%(categories)s::text[])
        and (session.human_prompt_count >= 2 or session.active_minutes >= 1) as is_large_enough,
        coalesce(session.id = %(ended_id)s::text, false)
        -- A machine's clock may be ahead: nothing was said after it was read.
        or coalesce(
            least(session.last_record_at, session.synced_at)
            <= %(now)s::timestamptz - make_interval(mins => %(quiet_minutes)s),
            true
        ) as is_quiet,
        -- What is left when the text of a session was deleted would be judged wrongly.
        coalesce(session.last_record_at > session.entries_deleted_until, session.entries_deleted_until is null)
            as has_text,
        coalesce(
            failures.failure_count < %(attempts)s
            and failures.last_failed_at
            + interval '30 minutes' * power(4, failures.failure_count - 1) <= %(now)s::timestamptz,
            true
        ) as is_ripe
    from wanted
    -- One look-up a session: a plan that reads all there are gets slower with every session kept.
    inner join lateral (
        select known.*
        from insights.claude_sessions as known
        where known.id = wanted.id
        order by known.id
        limit 1
    ) as session on true
    inner join lateral (
        -- Failed tries of the same text with the same question since it was last read.
        select
            count(*) as failure_count,
            max(attempt.attempted_at) as last_failed_at
        from insights.facet_extractions as attempt
        where
            attempt.session_id = session.id
            and attempt.state in ('failed', 'refused')
            and attempt.content_hash = session.content_hash
            and attempt.prompt_version = %(prompt_version)s
            and (attempt.reader <> 'offline') = %(is_model)s
            and not exists (
                select 1
                from insights.facet_extractions as later
                where
                    later.session_id = attempt.session_id
                    and later.state = 'ok'
                    and later.attempted_at > attempt.attempted_at
            )
    ) as failures on true
    left join tried_in_this_run on session.id = tried_in_this_run.session_id
    where
        -- Our own calls are nobody's sessions, not even by name.
        session.category <> 'plumbing'
        and (%(session_ids)s::text[] is null or session.id = any(%(session_ids)s::text[]))
        and (%(ended_id)s::text is null or session.id = %(ended_id)s::text)
        and (
            (%(since)s::date is null and %(until)s::date is null)
            or exists (
                select 1
                from insights.session_days as day
                where
                    day.session_id = session.id
                    and day.human_prompt_count > 0
                    and (%(since)s::date is null or day.activity_date >= %(since)s::date)
                    and (%(until)s::date is null or day.activity_date <= %(until)s::date)
            )
        )

),

due as (

    select
        session_id,
        title,
        began_at,
        is_again,
        count(*) filter (where is_again) over () as again_count
    from candidates
    where
        has_text
        and (
            is_again
            or (
                (%(force)s or not is_read)
                and (is_named or (is_large_enough and is_quiet and not is_in_batch and (%(force)s or is_ripe)))
            )
        )

),

ranked as (

    select
        session_id,
        title,
        again_count,
        row_number() over (order by is_again desc, began_at desc nulls last, session_id) as place
    from due

)

select
    session_id,
    title
from ranked
where place <= greatest(%(result_limit)s, again_count)
order by place
