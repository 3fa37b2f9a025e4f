-- Sessions that were tried in vain are told by themselves: what was given up is not looked at each time.
-- Source: docs/scale.md

alter table insights.claude_sessions
add column failed_with integer not null default 0,
add column failure_count integer not null default 0;
comment on column insights.claude_sessions.failed_with is
'The version of the prompt that the last try to read its present text failed with, negative for a version of the rules;
0: no try has failed since it was read. Kept by triggers, so that what was given up is passed over without its tries.';
comment on column insights.claude_sessions.failure_count is
'How many tries of its present text have failed with `failed_with` since it was read.';

create function insights.failures_of(wanted_id text, wanted_hash text)
returns table (failed_with integer, failure_count integer)
language sql stable
as $$
    select coalesce(latest.question, 0), coalesce(latest.try_count, 0)
    from (values (true)) as always (is_one_row)
    left join (
        select failed.question, count(*)::integer as try_count
        from (
            select
                attempt.attempted_at,
                attempt.id,
                case when attempt.reader = 'offline' then -attempt.prompt_version else attempt.prompt_version end
                    as question
            from insights.facet_extractions as attempt
            where
                attempt.session_id = wanted_id
                and attempt.content_hash = wanted_hash
                and attempt.state in ('failed', 'refused')
                and not exists (
                    select 1
                    from insights.facet_extractions as later
                    where
                        later.session_id = attempt.session_id
                        and later.state = 'ok'
                        and later.attempted_at > attempt.attempted_at
                )
        ) as failed
        group by failed.question
        order by max(failed.attempted_at) desc, max(failed.id) desc
        limit 1
    ) as latest on always.is_one_row
$$;

create function insights.note_failure()
returns trigger
language plpgsql
as $$
begin
    -- Two tries at once: who comes second counts what the first has written. A new success ends failures alone.
    perform from insights.claude_sessions
    where
        id = coalesce(new.session_id, old.session_id)
        and (failure_count > 0 or tg_op <> 'INSERT' or new.state <> 'ok')
    for no key update;
    if not found then
        return null;
    end if;
    update insights.claude_sessions as session
    set failed_with = known.failed_with, failure_count = known.failure_count
    from insights.claude_sessions as tried
    cross join lateral insights.failures_of(tried.id, tried.content_hash) as known
    where
        tried.id = coalesce(new.session_id, old.session_id)
        and session.id = tried.id
        and (session.failed_with, session.failure_count) <> (known.failed_with, known.failure_count);
    return null;
end
$$;

create or replace function insights.note_text()
returns trigger
language plpgsql
as $$
begin
    new.read_with := insights.reading_of(new.id, new.content_hash);
    select known.failed_with, known.failure_count into new.failed_with, new.failure_count
    from insights.failures_of(new.id, new.content_hash) as known;
    return new;
end
$$;

update insights.claude_sessions as session
set failed_with = known.failed_with, failure_count = known.failure_count
from (
    select distinct session_id
    from insights.facet_extractions
    where state in ('failed', 'refused')
) as failed
inner join insights.claude_sessions as tried on failed.session_id = tried.id
cross join lateral insights.failures_of(tried.id, tried.content_hash) as known
where session.id = tried.id and known.failure_count > 0;

create trigger note_new_failure
after insert on insights.facet_extractions
for each row when (new.state in ('ok', 'failed', 'refused'))
execute function insights.note_failure();

create trigger note_changed_failure
after update of state, reader, prompt_version, content_hash, attempted_at on insights.facet_extractions
for each row execute function insights.note_failure();

create trigger note_deleted_failure
after delete on insights.facet_extractions
for each row when (old.state in ('ok', 'failed', 'refused'))
execute function insights.note_failure();

-- Those that never failed, and those that did: a range of neither holds what was given up.
create index claude_sessions_untried on insights.claude_sessions (category, read_with)
where failure_count = 0
and (human_prompt_count >= 2 or active_minutes >= 1)
and coalesce(last_record_at > entries_deleted_until, entries_deleted_until is null);
create index claude_sessions_failed on insights.claude_sessions (category, failed_with, failure_count)
where failure_count > 0
and (human_prompt_count >= 2 or active_minutes >= 1)
and coalesce(last_record_at > entries_deleted_until, entries_deleted_until is null);
analyze insights.claude_sessions;
