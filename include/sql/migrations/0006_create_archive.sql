-- What is kept of the files themselves, and what must not come back.

create table insights.transcript_archive (
    machine text not null,
    path text not null,
    digest text not null,
    session_id text,
    size_bytes bigint not null,
    stored_bytes bigint not null,
    read_digest text not null,
    archived_at timestamptz not null default now(),
    primary key (machine, path, digest)
);
comment on table insights.transcript_archive is
'One version of a transcript file in the archive, by the digest of its bytes. The archive is not masked.';
comment on column insights.transcript_archive.size_bytes is 'Up to the last complete line, before compression.';

comment on column insights.transcript_archive.read_digest is 'As transcript_files had it when this was stored.';

create index transcript_archive_digest on insights.transcript_archive (digest);

create table insights.purged_sessions (
    id_hash text primary key,
    purged_at timestamptz not null default now()
);
comment on table insights.purged_sessions is
'Sessions that somebody had deleted, by the SHA-256 of their id: a sync passes over their files.';
