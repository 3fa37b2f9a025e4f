-- Where pages of a report were uploaded to, so that a purge finds them.

alter table insights.insights_snapshots add column uploads text[] not null default '{}';
comment on column insights.insights_snapshots.uploads is 'As s3://bucket/key; noted before each upload.';
