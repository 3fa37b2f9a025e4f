-- A message is claimed before it is posted; an anomaly lasts from its first day to the last one that was not normal.

alter table insights.notifications add column title text not null default '';
alter table insights.notifications add column payload_digest text not null default '';
alter table insights.notifications add column attempt_count integer not null default 0;
alter table insights.notifications add column claimed_at timestamptz;
alter table insights.notifications add column receipt text;
alter table insights.notifications drop constraint state_is_known;
alter table insights.notifications add constraint state_is_known check (
    state in ('waiting', 'sending', 'sent', 'failed')
);
alter table insights.notifications add constraint failed_says_why check (state <> 'failed' or error is not null);
alter table insights.notifications add constraint claimed_has_a_time check (
    state in ('waiting', 'failed') or claimed_at is not null
);
comment on table insights.notifications is
'The outbox: one row a message and channel. A row in sending that nobody sends any more may have been posted.';
comment on column insights.notifications.payload is 'What will be posted, word by word; empty once it was.';
comment on column insights.notifications.payload_digest is 'SHA-256 of the payload: a revision must differ.';
comment on column insights.notifications.error is 'Why the last try did not post it.';
comment on column insights.notifications.receipt is 'The message''s id where the channel gives one.';
create index notifications_waiting on insights.notifications (created_at) where state = 'waiting';

alter table insights.anomalies add column explanation text not null default '';
alter table insights.anomalies add column baseline_count integer not null default 0;
alter table insights.anomalies add column told_at timestamptz;
alter table insights.anomalies add column closed_at timestamptz;
alter table insights.anomalies drop constraint anomalies_metric_window_start_window_end_key;
alter table insights.anomalies add constraint one_anomaly_a_day unique (metric, window_start);
alter table insights.anomalies add constraint told_has_a_time check (state <> 'told' or told_at is not null);
alter table insights.anomalies add constraint closed_has_a_time check ((state = 'closed') = (closed_at is not null));
create unique index one_open_anomaly on insights.anomalies (metric) where state <> 'closed';
comment on table insights.anomalies is
'From the first day on which a metric was far from its baseline to the day after the last; figures of the first day.';
comment on column insights.anomalies.session_count is 'Behind value.';
comment on column insights.anomalies.baseline_count is 'Sessions behind baseline.';
