-- People's sessions of a size that counts, for insights.window_sessions; its condition is repeated word by word.

create index claude_sessions_yours on insights.claude_sessions (id) include (started_at)
where category = 'human' and (human_prompt_count >= 2 or active_minutes >= 1);
