-- What each synced row pays for.

-- Copied history is told by uuids within the sessions that own it: the primary key leads to them.
drop index insights.session_entries_uuid;

-- One pass over a session's entries; a look-up of the one before, for each of them, cost as much as reading them.
create or replace view insights.own_entries as
select
    entry.session_id,
    entry.entry_no,
    entry.kind,
    entry.at,
    entry.since,
    entry.text,
    entry.is_person,
    entry.tool,
    entry.file_path,
    entry.skill,
    entry.pr_url,
    entry.lines_added,
    entry.lines_removed,
    entry.commit_count,
    case
        when entry.follows_copied then least(extract(epoch from entry.at - entry.since), 300)
        else entry.active_seconds
    end as active_seconds
from (
    select
        *,
        lag(is_copied) over (partition by session_id order by entry_no) as follows_copied
    from insights.session_entries
) as entry
where not entry.is_copied;

alter table insights.transcript_files add column failed_parser text;
comment on column insights.transcript_files.failed_parser is
'The parser that fails on these bytes each time; null for a failure that may pass, such as a missing right.';
