"""How many commits a shell command made, as far as its output or its exit status proves them.

Source: transcript-format §5 and docs/decisions/0006-what-one-file-can-prove.md.
"""

from __future__ import annotations

import re
import shlex

# git's own answer: `[main 1a2b3c4] message`, `[main (root-commit) 1a2b3c4] message`.
_COMMITTED = re.compile(r"^\[[^\]\n]+ [0-9a-f]{7,40}\]", re.MULTILINE)
_COMMITS = re.compile(r"\bgit\b[^|;&\n]*\bcommit\b")
_OPERATOR = re.compile(r"[;&|()\n]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_REDIRECTION = re.compile(r"\d*>&\d*-?|&>>?")  # its `&` starts nothing
_QUIET = re.compile(r"-[^-mFCctuS]*q")
_TAKES_VALUE = re.compile(r"-[A-Za-z]*[mFCct]|--(message|file|author|date|reuse-message|reedit-message|template)")


def count_commits(command: str, output: str, *, has_succeeded: bool) -> int:
    """Commits that git named in its output, and quiet ones that the exit status proves."""
    if not _COMMITS.search(command):
        return 0
    return len(_COMMITTED.findall(output)) + (_quiet_commits(command) if has_succeeded else 0)


def _quiet_commits(command: str) -> int:
    """`git commit -q` says nothing; it ran when it is in the last `&&` chain of a command that ended with 0."""
    lexer = shlex.shlex(_REDIRECTION.sub(" ", command).strip().rstrip(";"), posix=True, punctuation_chars=";&|()\n")
    lexer.whitespace, lexer.commenters, lexer.whitespace_split = " \t\r", "", True
    try:
        tokens = list(lexer)
    except ValueError:
        return 0  # quotes that do not close: nothing is proved
    chain: list[list[str]] = [[]]
    for token in tokens:
        operator = token.strip("() \n") if _OPERATOR.fullmatch(token) else None
        if operator is None:
            chain[-1].append(token)
        elif operator == "&&":
            chain.append([])
        elif operator or "\n" in token:
            # After `;`, `|` and a new line only what follows decides the status; `||` and `&` prove nothing.
            chain = [[]]
            if operator not in ("", ";", "|"):
                return 0
    return sum(_is_quiet_commit(words) for words in chain)


def _is_quiet_commit(words: list[str]) -> bool:
    rest = list(words)
    while rest and _ASSIGNMENT.match(rest[0]):
        rest.pop(0)
    if not rest or rest.pop(0) != "git":
        return False
    while rest and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] in ("-C", "-c") else rest[1:]
    if not rest or rest.pop(0) != "commit":
        return False
    is_quiet = False
    while rest:
        word = rest.pop(0)
        if word == "--dry-run":
            return False
        is_quiet = is_quiet or word == "--quiet" or _QUIET.match(word) is not None
        if _TAKES_VALUE.fullmatch(word) and rest:
            rest.pop(0)
    return is_quiet
