-- What a call was expected to cost, and what the texts of reports have cost.

alter table insights.facet_extractions
add column estimated_tokens bigint,
add column estimated_cost_usd double precision;
comment on column insights.facet_extractions.estimated_tokens is
'Of the request, at 4 characters a token, before it was sent; null: nobody was to be asked.';
comment on column insights.facet_extractions.estimated_cost_usd is
'One try without the cache, before it was sent; null: nobody was to be asked, or no list price.';

create table insights.narrative_calls (
    id bigint generated always as identity primary key,
    snapshot_id bigint references insights.insights_snapshots (id) on delete set null,
    model text not null,
    cost_usd double precision,
    written_at timestamptz not null default now(),
    constraint cost_usd_is_not_negative check (cost_usd >= 0)
);
comment on table insights.narrative_calls is
'One report text by a model: the snapshot keeps the newest alone. Cost null: no list price.';
create index narrative_calls_written_at on insights.narrative_calls (written_at);
