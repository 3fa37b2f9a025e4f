-- data_version: a number that moves whenever a sync, a reading or a correction has written.
-- Grain:  one row.
-- Reads:  insights.data_versions
select sum(change_count)::bigint as data_version
from insights.data_versions
