-- What runs every few minutes finds its rows by an index, however long the history is.
-- Source: docs/scale.md

-- Sessions are due that were not read as they are now: of a million, all but a few were.
alter table insights.claude_sessions add column read_with integer not null default 0;
comment on column insights.claude_sessions.read_with is
'The version of the prompt that its present text was read with, negative for a version of the rules; 0: its present
text was not read. Kept by triggers, so that what is due is found without its facet.';

create function insights.reading_of(wanted_id text, wanted_hash text)
returns integer
language sql stable
as $$
    select coalesce((
        select case when facet.reader = 'offline' then -facet.prompt_version else facet.prompt_version end
        from insights.session_facets as facet
        where facet.session_id = wanted_id and facet.content_hash = wanted_hash
    ), 0)
$$;

create function insights.note_reading()
returns trigger
language plpgsql
as $$
begin
    update insights.claude_sessions as session
    set read_with = insights.reading_of(session.id, session.content_hash)
    where
        session.id = coalesce(new.session_id, old.session_id)
        and session.read_with <> insights.reading_of(session.id, session.content_hash);
    return null;
end
$$;

create function insights.note_text()
returns trigger
language plpgsql
as $$
begin
    new.read_with := insights.reading_of(new.id, new.content_hash);
    return new;
end
$$;

create trigger note_reading
after insert or update of reader, prompt_version, content_hash or delete on insights.session_facets
for each row execute function insights.note_reading();

create trigger note_text
before update of content_hash on insights.claude_sessions
for each row when (old.content_hash is distinct from new.content_hash)
execute function insights.note_text();

update insights.claude_sessions as session
set read_with = case when facet.reader = 'offline' then -facet.prompt_version else facet.prompt_version end
from insights.session_facets as facet
where
    session.id = facet.session_id
    and session.content_hash = facet.content_hash;

create index claude_sessions_read_with on insights.claude_sessions (category, read_with)
where (human_prompt_count >= 2 or active_minutes >= 1)
and coalesce(last_record_at > entries_deleted_until, entries_deleted_until is null);

-- Nearly all that was not read is no session of a person; without this the planner takes a third of all for unread.
create statistics insights.claude_sessions_reading (mcv) on category, read_with from insights.claude_sessions;
analyze insights.claude_sessions;

-- What a run has tried: asked when it starts, when it ends, and when it is cleared.
create index facet_extractions_dag_run_id on insights.facet_extractions (dag_run_id) where dag_run_id is not null;
-- What was spent this month is asked before each reading, and answered by the index alone.
drop index insights.facet_extractions_attempted_at;
create index facet_extractions_attempted_at on insights.facet_extractions (attempted_at) include (cost_usd);
create index facet_extractions_failed on insights.facet_extractions (attempted_at) where state in ('failed', 'refused');
-- Upkeep looks for these alone; all others stay for good.
create index facet_extractions_unsent on insights.facet_extractions (attempted_at)
where state in ('dry_run', 'skipped');

-- A sync compares what is there with what was there at the last look, not with all that ever was.
create index transcript_files_present on insights.transcript_files (machine) where state <> 'vanished';
create index transcript_files_gone on insights.transcript_files (machine, mtime_ns) where state = 'vanished';
create index transcript_files_failed on insights.transcript_files (read_at) where state = 'failed';
create index transcript_files_read_at on insights.transcript_files (read_at);

-- Rows of another time zone than the profile's, of which there are none.
create index session_days_time_zone on insights.session_days (time_zone);

-- A session's page and a purge look for those that go on from it, or are of the same time.
drop index insights.claude_sessions_ended_at;
create index claude_sessions_ended_at on insights.claude_sessions (ended_at, first_record_at);
create index claude_sessions_forked_from on insights.claude_sessions (forked_from) where forked_from is not null;
create index claude_sessions_resumed_from on insights.claude_sessions (resumed_from) where resumed_from is not null;
create index session_facets_resumed_from on insights.session_facets (resumed_from) where resumed_from is not null;
create index transcript_archive_session_id on insights.transcript_archive (session_id);

-- Nothing looks for a version by its digest alone.
drop index insights.transcript_archive_digest;

-- Nothing looks for sessions by their start alone, either.
drop index insights.claude_sessions_started_at;

-- The list of sessions, newest first.
create index claude_sessions_newest on insights.claude_sessions (ended_at desc nulls last, id desc)
where category = 'human' and (human_prompt_count >= 2 or active_minutes >= 1);
