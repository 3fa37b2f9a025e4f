-- What a reader makes of a session, and every attempt at it.

create table insights.session_facets (
    session_id text primary key references insights.claude_sessions (id) on delete cascade,
    underlying_goal text,
    goal_categories jsonb,
    outcome text,
    user_satisfaction_counts jsonb,
    claude_helpfulness text,
    session_type text,
    friction_counts jsonb,
    friction_detail text,
    primary_success text,
    brief_summary text,
    projects jsonb,
    businesses jsonb,
    priority_alignment text,
    priority_matched text,
    workflow_type text,
    initiated_by text,
    completion_chain jsonb,
    skills_used jsonb,
    skills_missed jsonb,
    course_corrections integer,
    retry_loops integer,
    pivot_trigger text,
    mcp_failures integer,
    session_cut_short boolean,
    resumed_from text,
    people_mentioned jsonb,
    relationship_actions jsonb,
    outreach_type text,
    estimated_time_saved_minutes integer,
    artifacts_created integer,
    knowledge_filed integer,
    decisions_made integer,
    evidence jsonb not null default '{}',
    reader text not null,
    prompt_version integer not null,
    prompt_hash text not null,
    content_hash text not null,
    extraction_model text not null,
    extraction_cost_usd double precision,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint outcome_is_known check (outcome in (
        'fully_achieved', 'mostly_achieved', 'partially_achieved', 'not_achieved', 'unclear_from_transcript'
    )),
    constraint claude_helpfulness_is_known check (claude_helpfulness in (
        'essential', 'very_helpful', 'moderately_helpful', 'slightly_helpful', 'unhelpful'
    )),
    constraint session_type_is_known check (session_type in (
        'single_task', 'multi_task', 'iterative_refinement', 'exploration'
    )),
    constraint priority_alignment_is_known check (priority_alignment in (
        'aligned', 'supportive', 'neutral', 'drift'
    )),
    constraint workflow_type_is_known check (workflow_type in (
        'email', 'research', 'filing', 'meeting-prep', 'agreement', 'event-planning', 'relationship-maintenance',
        'skill-building', 'debugging', 'content-creation', 'admin'
    )),
    constraint initiated_by_is_known check (initiated_by in (
        'user-interactive', 'discord-mention', 'scheduled-job', 'sub-agent', 'webhook'
    )),
    constraint outreach_type_is_known check (outreach_type in ('proactive', 'reactive', 'automated', 'none')),
    constraint counts_are_not_negative check (
        course_corrections >= 0 and retry_loops >= 0 and mcp_failures >= 0 and estimated_time_saved_minutes >= 0
        and artifacts_created >= 0 and knowledge_filed >= 0 and decisions_made >= 0
    )
);
comment on table insights.session_facets is
'The newest reading of a session. Null is unknown. evidence: facet → entry numbers in session_entries.';
create index session_facets_outcome on insights.session_facets (outcome);
create index session_facets_priority_alignment on insights.session_facets (priority_alignment);
create index session_facets_workflow_type on insights.session_facets (workflow_type);
create index session_facets_initiated_by on insights.session_facets (initiated_by);
create index session_facets_created_at on insights.session_facets (created_at);

create table insights.facet_extractions (
    id bigint generated always as identity primary key,
    session_id text not null references insights.claude_sessions (id) on delete cascade,
    state text not null,
    reader text not null,
    model text not null,
    prompt_version integer not null,
    prompt_hash text not null,
    content_hash text not null,
    error text,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_write_tokens bigint not null,
    cost_usd double precision,
    duration_seconds double precision not null,
    dag_run_id text,
    attempted_at timestamptz not null default now(),
    constraint state_is_known check (state in ('ok', 'failed', 'refused', 'skipped', 'dry_run')),
    constraint failure_says_why check (state not in ('failed', 'refused') or error is not null)
);
comment on table insights.facet_extractions is
'One attempt: coverage and cost come from here. Cost null: no list price.';
create index facet_extractions_session_id on insights.facet_extractions (session_id, attempted_at desc);
create index facet_extractions_attempted_at on insights.facet_extractions (attempted_at);
