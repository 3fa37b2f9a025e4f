-- load_rules: who is in the team, and the smallest group whose sums are shown; 0: readers are not limited.
-- Grain:  one row; team: user → {is_admin, machines}.
-- Reads:  insights.team_members, insights.team_machines, insights.team_rules
select
    coalesce((
        select
            jsonb_object_agg(member.user_name, jsonb_build_object(
                'is_admin', member.is_admin,
                'machines', array(
                    select owned.machine
                    from insights.team_machines as owned
                    where owned.user_name = member.user_name
                )
            ))
        from insights.team_members as member
    ), '{}') as team,
    coalesce((select rule.smallest_group from insights.team_rules as rule), 0) as smallest_group
