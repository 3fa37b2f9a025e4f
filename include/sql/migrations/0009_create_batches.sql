-- Message Batches: what was handed over for whom, so that nothing is sent twice and no answer is lost.

create table insights.facet_batches (
    id text primary key,
    provider_id text unique,
    is_recognized boolean not null default false,
    not_ours jsonb not null default '[]',
    model text not null,
    prompt_version integer not null,
    prompt_hash text not null,
    request_count integer not null default 0,
    estimated_tokens bigint not null default 0,
    estimate_usd double precision,
    dag_run_id text,
    planned_at timestamptz not null default now(),
    tried_at timestamptz,
    sent_at timestamptz,
    collected_at timestamptz,
    constraint sent_under_a_name check ((provider_id is null) = (sent_at is null))
);
comment on table insights.facet_batches is
'One batch. Planned before it is sent; open until every answer of it is kept. Estimate null: no list price.';
comment on column insights.facet_batches.provider_id is
'As the API calls it; null as long as it is not known whether the API has it.';
comment on column insights.facet_batches.tried_at is
'When it was last about to be sent; null: the API cannot have it.';
comment on column insights.facet_batches.is_recognized is
'Found in the list of the API after its answer was missed, by count and time; its results must prove it.';
comment on column insights.facet_batches.not_ours is
'Batches of somebody else that looked like this one, by their provider_id.';

create table insights.facet_batch_requests (
    custom_id text primary key,
    batch_id text not null references insights.facet_batches (id) on delete cascade,
    session_id text not null references insights.claude_sessions (id) on delete cascade,
    content_hash text not null,
    state text not null default 'open',
    extraction_id bigint references insights.facet_extractions (id) on delete set null,
    constraint request_state_is_known check (state in ('open', 'ok', 'failed', 'refused', 'skipped'))
);
comment on table insights.facet_batch_requests is
'One session in one batch. Skipped: expired, canceled or stopped by the API itself, so not read and not paid for.';
create unique index facet_batch_requests_one_open on insights.facet_batch_requests (session_id) where state = 'open';
create index facet_batch_requests_batch_id on insights.facet_batch_requests (batch_id);
create index facet_batch_requests_session_id on insights.facet_batch_requests (session_id);
create index facet_batch_requests_extraction_id on insights.facet_batch_requests (extraction_id);
