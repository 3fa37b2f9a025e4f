"""One session as soon as it is over: found by name, whatever else its source holds."""

from __future__ import annotations

import re
from typing import Any

from session_insights.bucket import ClientMaker, environment_client
from session_insights.errors import InsightsError, SettingsError
from session_insights.profile import Profile
from session_insights.settings import Settings, Source
from session_insights.stages import sync
from session_insights.store.database import Connection
from session_insights.transcripts.files import holds_transcript
from session_insights.transcripts.objects import find_files

# As a run is asked for it: never a path of this machine, only a name below its sources.
TRANSCRIPT = r"^[^/\x00-\x1f]{1,255}/[0-9A-Za-z_-]{1,64}\.jsonl$"


class NotArrived(InsightsError):
    """The transcript of a session is in none of the sources; it may still be on its way."""


def sync_session(
    connection: Connection,
    sources: list[Source],
    transcript: str,
    *,
    machine: str | None = None,
    profile: Profile,
    settings: Settings,
    s3: ClientMaker = environment_client,
) -> dict[str, Any]:
    """Read one session with its sub-agents; no other folder of the source is looked into.

    Args:
        transcript: `project-folder/session-id.jsonl`, as below a source.
        machine: Look into this one's sources alone.

    Returns:
        Counts as of a sync, and `session_id`.

    Raises:
        SettingsError: `transcript` is no such name, or nobody sends from `machine`.
        NotArrived: It is in none of the sources.
    """
    if not re.fullmatch(TRANSCRIPT, transcript) or not holds_transcript(transcript):
        raise SettingsError(f"transcript: {transcript!r} is not project-folder/session-id.jsonl.")
    project, _, name = transcript.partition("/")
    session_id = name.removesuffix(".jsonl")
    looked = [source for source in sources if machine in (None, source[0])]
    if not looked:
        raise SettingsError(f"machine: {machine!r} is none of SESSION_INSIGHTS_SOURCES.")
    files = [
        file
        for source_machine, root in looked
        for file in find_files(source_machine, root, s3, project=project)
        if session_id in (file.session_id, file.parent_session_id)
    ]
    if not any(file.session_id == session_id for file in files):
        roots = ", ".join(str(root) for _, root in looked)
        raise NotArrived(f"session {session_id}: {transcript} is not below {roots}; has it been sent?")
    counts = sync.sync_files(connection, files, profile=profile, settings=settings, s3=s3, processes=1)
    return {"session_id": session_id, **counts}
