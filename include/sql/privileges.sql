-- privileges: what our roles may do, where somebody has made them (deploy/databases.py does).
-- Run by every `migrate`, so that it holds for the tables of every later migration too.
do $$
begin
    -- The DAGs: rows, and nothing else.
    if exists (select from pg_roles where rolname = 'session_insights_app') then
        grant usage on schema insights to session_insights_app;
        grant select, insert, update, delete on all tables in schema insights to session_insights_app;
        grant usage on all sequences in schema insights to session_insights_app;
        -- What was migrated is for the owner to say.
        revoke insert, update, delete on insights.schema_migrations from session_insights_app;
    end if;
    -- The dashboard.
    if exists (select from pg_roles where rolname = 'session_insights_reader') then
        grant usage on schema insights to session_insights_reader;
        grant select on all tables in schema insights to session_insights_reader;
        -- Migration 0014 granted later tables by default; they are granted above.
        alter default privileges in schema insights revoke select on tables from session_insights_reader;
    end if;
end
$$;
