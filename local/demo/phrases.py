"""What Claude and the CLI say in every session: endings, retries, notices."""

DONE = ("Done.", "That is done.", "There it is.", "Done, as you asked.", "Done; nothing else changed.")
THANKED = ("Glad it works.", "You're welcome.", "Good to hear.", "Happy to help.", "Glad that helped.")
HEARD = ("All right.", "Noted, leaving it there.", "Understood.", "OK, I'll stop here.", "Noted.")
WAITING = "It is looking into that in the background; I'll report as soon as it is done."
AGAIN = ("Trying once more.", "Same result; one more try.", "Again the same error.", "Let me retry that.")
SUMMARY = (
    "This session is being continued from a previous conversation that ran out of context. The summary below covers "
    "the earlier portion of the conversation.\n\nSummary:\n{}\n\nContinue the conversation from where it left off "
    "without asking the user any further questions."
)
NOTICE = """<task-notification>
<task-id>{agent}</task-id>
<tool-use-id>{call}</tool-use-id>
<status>completed</status>
<summary>Agent "{what}" finished</summary>
<result>{result}</result>
<usage><subagent_tokens>{tokens}</subagent_tokens><tool_uses>{tools}</tool_uses><duration_ms>{ms}</duration_ms></usage>
</task-notification>"""
