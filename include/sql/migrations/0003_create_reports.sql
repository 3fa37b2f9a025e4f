-- What is made of the figures.

create table insights.insights_snapshots (
    id bigint generated always as identity primary key,
    period_type text not null,
    period_start date not null,
    period_end date not null,
    metrics jsonb not null default '{}',
    narrative jsonb,
    report_url text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (period_type, period_start),
    constraint period_type_is_known check (period_type in ('weekly', 'monthly', 'custom')),
    constraint period_is_not_empty check (period_end > period_start)
);
comment on table insights.insights_snapshots is
'All figures of one report. metrics: aggregate → {current, previous}. period_end is the day after the last one.';

create table insights.anomalies (
    id bigint generated always as identity primary key,
    metric text not null,
    window_start date not null,
    window_end date not null,
    value double precision not null,
    baseline double precision not null,
    session_count integer not null,
    state text not null default 'open',
    detected_at timestamptz not null default now(),
    unique (metric, window_start, window_end),
    constraint state_is_known check (state in ('open', 'told', 'closed'))
);
comment on table insights.anomalies is
'One detection: a value far from its baseline, and how many sessions it rests on.';

create table insights.notifications (
    id bigint generated always as identity primary key,
    channel text not null,
    dedupe_key text not null,
    payload jsonb not null,
    state text not null default 'waiting',
    error text,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    unique (channel, dedupe_key),
    constraint state_is_known check (state in ('waiting', 'sent', 'failed')),
    constraint sent_has_a_time check ((state = 'sent') = (sent_at is not null))
);
comment on table insights.notifications is
'The outbox: one row a message and channel, so that a re-run never posts twice.';
