-- insert_correction: one act of a person on one facet.
-- Grain:  one row.
-- Writes: insights.facet_corrections
-- Params: the columns
insert into insights.facet_corrections (
    session_id,
    facet,
    action,
    value,
    previous_value,
    corrected_by,
    note
) values (
    %(session_id)s,
    %(facet)s,
    %(action)s,
    %(value)s,
    %(previous_value)s,
    %(corrected_by)s,
    %(note)s
)
