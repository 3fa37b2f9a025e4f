-- A message is claimed before it is posted; an anomaly lasts from its first day to the last one that was not normal.

alter table insights.notifications
    add column title text not null default '',
    add column attempt_count integer not null default 0,
    add column claimed_at timestamptz,
    add column receipt text,
    drop constraint state_is_known,
    add constraint state_is_known check (state in ('waiting', 'sending', 'sent', 'failed')),
    add constraint failed_says_why check (state <> 'failed' or error is not null),
    add constraint claimed_has_a_time check (state in ('waiting', 'failed') or claimed_at is not null);
comment on table insights.notifications is
'The outbox: one row a message and channel. A row in sending that nobody sends any more may have been posted.';
comment on column insights.notifications.payload is 'What is posted, word by word.';
comment on column insights.notifications.error is 'Why the last try did not post it.';
comment on column insights.notifications.receipt is 'The message''s id where the channel gives one.';
create index notifications_unsent on insights.notifications (created_at) where state = 'waiting';

alter table insights.anomalies
    add column explanation text not null default '',
    add column baseline_count integer not null default 0,
    add column told_at timestamptz,
    add column closed_at timestamptz,
    drop constraint anomalies_metric_window_start_window_end_key,
    add constraint anomalies_metric_window_start_key unique (metric, window_start),
    add constraint told_has_a_time check (state <> 'told' or told_at is not null),
    add constraint closed_has_a_time check ((state = 'closed') = (closed_at is not null));
create unique index one_anomaly_a_metric on insights.anomalies (metric) where state <> 'closed';
comment on table insights.anomalies is
'From the first day on which a metric was far from its baseline to the day after the last; figures are of the first day.';
comment on column insights.anomalies.session_count is 'Sessions (or days, for a metric of whole days) that value rests on.';
comment on column insights.anomalies.baseline_count is 'The same for baseline.';
