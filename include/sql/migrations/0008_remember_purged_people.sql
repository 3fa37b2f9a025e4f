-- A person who was purged stays purged.

create table insights.purged_people (
    name text primary key,
    purged_at timestamptz not null default now(),
    constraint name_is_not_blank check (trim(name) <> '')
);
comment on table insights.purged_people is
'Names that are replaced by [person] in all that is stored from now on. A name can only be replaced where it is known.';
