-- What a person says against a reader, kept apart from what the reader said.

create table insights.facet_corrections (
    id bigint generated always as identity primary key,
    session_id text not null references insights.claude_sessions (id) on delete cascade,
    facet text not null,
    action text not null,
    value jsonb,
    previous_value jsonb,
    corrected_by text not null,
    corrected_at timestamptz not null default now(),
    note text,
    constraint action_is_known check (action in ('set', 'undo')),
    constraint only_set_has_a_value check ((action = 'set') = (value is not null))
);
comment on table insights.facet_corrections is
'One act of a person on one facet; rows are added, never changed, but for a name that is purged. The newest row of a
facet stands. JSON null is a person''s "unknown".';
comment on column insights.facet_corrections.previous_value is 'What was shown before; null also where nothing was.';
create index facet_corrections_session_id on insights.facet_corrections (session_id, facet, id);

alter table insights.session_facets add column corrected jsonb not null default '{}';
comment on column insights.session_facets.corrected is
'Corrected facets → {value, evidence} of the reader; the facet''s own column has what the person said.';
