-- Old text can be deleted while everything that was counted and judged stays.

alter table insights.claude_sessions
add column entries_deleted_at timestamptz,
add column entries_deleted_until timestamptz,
add constraint deleted_entries_have_both_times check (
    (entries_deleted_at is null) = (entries_deleted_until is null)
);
comment on column insights.claude_sessions.entries_deleted_at is 'When the text of its old entries was last deleted.';
comment on column insights.claude_sessions.entries_deleted_until is
'Entries up to this moment have no text any more, unless the facet cites them; a sync does not bring it back.';

-- Sessions whose text may still become too old, by age.
create index claude_sessions_with_text on insights.claude_sessions (coalesce(last_record_at, synced_at))
where entries_deleted_until is null or coalesce(last_record_at, synced_at) > entries_deleted_until;
