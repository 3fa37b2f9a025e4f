"""Secrets out of text, before it is stored, sent or logged.

Every quantifier is bounded or possessive, and a rule runs only where a literal of it stands in the text.
"""

from __future__ import annotations

import re

from session_insights.transcripts.secret_forms import DISCORD, DISCORD_TOKEN, FORMS, WEBHOOK

MASK = "[secret]"

# What every known form has in it.
_LONG_WORD = re.compile(r"[A-Za-z0-9_-]{16}")
_PROGRAMS = ("mysql", "mariadb", "sshpass", "redis-cli", "login", "curl", "-passin", "-passout", "htpasswd")
_PGPASS = ":5432:"
# A name, what follows it up to the value, and the value: in quotes, in quotes with a backslash before, or bare.
_ASSIGNMENT = re.compile(
    r"""(?P<name>(?:(?P<pass>pass|pwd)|[a-z_])[A-Za-z0-9_.-]{0,32}+)
    (?P<sep>\\{0,7}["'`]?\]?\s{0,3}(?:=>|:=|={1,3}|:)[ \t]{0,3}(?:\\?\n[ ]{0,12}(?=["']))?)
    (?:
        [bfru]?(?P<slashed>\\{1,7}["'])(?P<inner>(?:(?!(?<!\\)(?P=slashed))[^\n]){1,400}+)
        | [bfru]?(?P<quote>["'`])(?P<quoted>(?:\\[^\n]|(?!(?P=quote))[^\\\n]){1,400}+)
        | (?P<bare>[^\s"'`,;)}\]({\[<>\\]{4,400}+)(?P<next>[(\[{]?)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# The same names in lowercase text, with a separator: where to look for an assignment. `key` alone is none.
_NAMED = re.compile(
    r"(?:pass(?:w(?:or)?d|wort|phrase)|pwd|secret|token|credential|_auth|(?<=[\"'])auth|phpsessid|jsessionid|connect\.sid|sessionid"
    r"|key(?:(?<=(?:pi|ss|nt|te|ng|on|er|th|ge|ce|in)key)|(?<=(?:pi|ss|nt|te|ng|on|er|th|ge|ce|in)[_ -]key)))"
    r"(?=[a-z0-9_-]{0,24}+\\{0,7}[\"'`]?\]?\s{0,3}[:=])"
)
_ASCII_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_COUNTED = re.compile(
    r"(?:tokens|[_-](?:counts?|limit|type|name|names|usage|budget|length|size|file|path|url|uri|expir\w*|at|ttl|hint|field"
    r"|policy|endpoint|min|max|id|ids|index|hash|version|format|label|re|regex|pattern|error|manager|provider))$"
    r"|(?:tokens|tokeni[sz]\w*|pass(?:word|phrase)s)$|(?:Type|Name|Count|Id|Path|Url|Error|Field|Label|Policy)$"
)
# What stands for a secret, or is a type or a piece of code.
_STANDS_FOR = re.compile(
    r"""\$|%\w+%|%\(|<|\{|\.\.\.|…|\*{3}|[xX]{4,}\b|\[|your|changeme\b|example\b|\\[nrt]\b|@|&|!|/|\.\.?/|sha\d+
    | (?:str|string|text|bytes|bool|boolean|int|integer|number|none|null|nil|true|false|any|unknown|undefined|required
    | optional|hidden|password|secret|token|default|object|array|list|dict|self|this|type|func|function|async|await
    | new|return|lambda|not|missing|invalid|empty|redacted|masked|placeholder|process|os|env|config|settings)
      (?![A-Za-z0-9_@\#!$%^&*-])
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CODE = re.compile(r"_*(?:[A-Za-z]{1,40}[0-9]{0,2}(?:_+|\.|->|::|$))+$")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")

_URL_USERINFO = re.compile(r"(://(?<=[a-zA-Z0-9]://))([^\s/'\"<>\\]{1,300}+)")
_QUERY = re.compile(
    r"([?&;](?:sig|signature|key|code|token|hmac|x-amz-signature|x-amz-security-token|x-amz-credential|x-goog-signature)=)"
    r"(?=[A-Za-z%_.-]{0,200}[0-9])([A-Za-z0-9%_.~+/=-]{16,2000}+)",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"""(authorization\\{0,7}["']?\s{0,3}[:=]\s{0,3}\\{0,7}["']?(?:(?:bearer|basic|token|apikey|digest|bot|key)\s{1,3})?)
    (?=[^\s]{0,200}?[0-9=])([^\s"'`,\\$<{(\[]{8,4000}+)(?![({\[])""",
    re.IGNORECASE | re.VERBOSE,
)
_BEARER = re.compile(
    r"\b(bearer\s{1,3}(?=[A-Za-z._~+/-]{0,200}[0-9])|basic\s{1,3}(?=[A-Za-z+/]{0,200}[0-9=]))([A-Za-z0-9._~+/=-]{16,4000}+)",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    r"""(cookie\\{0,7}["']?\s{0,3}:\s{0,3}\\{0,7}["']?)([\w.-]{1,60}=[^"'\n\\]{8,4000}+)""", re.IGNORECASE
)
_FLAG = re.compile(
    r"""(-(?<![\w-]-)-?(?:[a-z]{1,20}-)?(?:password|passwd|passphrase|pass|token|secret|api-?key|secret-key|access-key
    |auth-token|client-secret)(?:[ ]{1,3}|=)\\{0,7}["']?)([^\s"'$<{\\-][^\s"'\\]{3,400}+)""",
    re.IGNORECASE | re.VERBOSE,
)
_SHORT_FLAG = re.compile(
    r"""((?:\b|(?<=\\n))(?:(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)\b[^\n|;&]{0,200}?[ ]-p\\{0,7}["']?
    | sshpass[ ]{1,3}-p[ ]?\\{0,7}["']? | redis-cli\b[^\n|;&]{0,100}?[ ]-a[ ]{1,3}\\{0,7}["']?
    | (?:docker|podman|helm|az|oc)[ ][^\n|;&]{0,40}?login\b[^\n|;&]{0,200}?[ ]-p[ ]{1,3}\\{0,7}["']?
    | curl\b[^\n|;&]{0,400}?[ ](?:-u|--user)[ ]{0,3}\\{0,7}["']?[^\s:"']{1,100}:
    | htpasswd[ ]-\w{0,4}b\w{0,4}[ ]\S{1,200}[ ]\S{1,100}[ ]) | -pass(?:in|out)[ ]{1,3}pass:)
    ([^\s"'$<{\\][^\s"'\\]{3,400}+)""",
    re.VERBOSE,
)
_SAID = re.compile(
    r"""(\blogin[ \t]{1,4}[^\s,]{1,200}\s{1,8}password[ \t]{1,4})([^\s"'`,<]{4,400}+)
    | (\bpassw(?:or)?d[ ](?:is|was|to|for[ ]\S{1,80}[ ]is):?[ ]["'`]?
    | <\w{0,20}(?:password|passwd|secret|token|apikey)>
    | :5432:[^:\s/]{1,60}:[^:\s/]{1,60}:)
    ((?=[A-Za-z]{0,40}[0-9!@#%^&*+=-])[^\s"'`<]{4,400}+)""",
    re.IGNORECASE | re.VERBOSE,
)


def mask_secrets(text: str) -> str:
    """The text with each secret replaced by `[secret]`; what surrounds it stays. Applying it twice changes nothing."""
    if len(text) >= 16 and (_LONG_WORD.search(text) or "PRIVATE KEY" in text):
        for literal, form in FORMS:
            if literal in text:
                text = form.sub(MASK, text)
        if DISCORD.search(text):
            text = DISCORD_TOKEN.sub(MASK, text)
    if "://" in text:
        text = WEBHOOK.sub(MASK, text)
    if "://" in text and "@" in text:
        text = _URL_USERINFO.sub(_mask_userinfo, text)
    if "=" in text and ("?" in text or "&" in text):
        text = _QUERY.sub(rf"\1{MASK}", text)
    small = text.lower()
    if "-" in text:
        text = _FLAG.sub(_mask_flag, text)
        if (" -" in text or "-pass" in text) and any(program in small for program in _PROGRAMS):
            text = _SHORT_FLAG.sub(_mask_flag, text)
    if "authorization" in small:
        text = _HEADER.sub(rf"\1{MASK}", text)
    if "bearer" in small or "basic " in small:
        text = _BEARER.sub(rf"\1{MASK}", text)
    if "cookie" in small:
        text = _COOKIE.sub(rf"\1{MASK}", text)
    if (":" in text or "=" in text) and _NAMED.search(small):
        text = _mask_assignments(text)
    if "passw" in small or "</" in small or _PGPASS in small:
        text = _SAID.sub(_mask_said, text)
    return text


def _mask_userinfo(match: re.Match[str]) -> str:
    """`user:password@` and `token@`; the password may hold an `@` itself."""
    userinfo, at, rest = match[2].rpartition("@")
    if not at:
        return match[0]
    user, colon, password = userinfo.partition(":")
    if colon:
        if not password or password == MASK or password[0] in "${%*":
            return match[0]
        return f"{match[1]}{user}:{MASK}@{rest}"
    is_token = len(user) >= 16 and any(character.isdigit() for character in user)
    return f"{match[1]}{MASK}@{rest}" if is_token else match[0]


def _mask_said(match: re.Match[str]) -> str:
    return f"{match[1] or match[3]}{MASK}"


def _mask_flag(match: re.Match[str]) -> str:
    value = match[2]
    return match[0] if MASK in value or _STANDS_FOR.match(value) else match[1] + MASK


def _mask_assignments(text: str) -> str:
    small = text.lower()
    if len(small) != len(text):  # a letter whose small form is two
        small = text.translate(_ASCII_LOWER)
    parts, done = [], 0
    for named in _NAMED.finditer(small):
        if named.start() < done:
            continue
        match = _ASSIGNMENT.match(text, named.start())
        span = match and _secret_value(match)
        if span:
            parts += [text[done : span[0]], MASK]
            done = span[1]
    return "".join([*parts, text[done:]])


def _secret_value(match: re.Match[str]) -> tuple[int, int] | None:
    """Where the value stands, if it is a secret."""
    name, separator = match["name"], match["sep"]
    kind = next(kind for kind in ("inner", "quoted", "bare") if match[kind] is not None)
    value = match[kind]
    if MASK in value or _COUNTED.search(name) or _STANDS_FOR.match(value) or _UUID.match(value):
        return None
    judge = _is_password if match["pass"] else _is_key
    is_code = kind == "bare" and match["next"]
    if is_code or not judge(value, is_quoted=kind != "bare", is_env=name.isupper() and separator == "="):
        return None
    return match.span(kind)


def _is_password(value: str, *, is_quoted: bool, is_env: bool) -> bool:
    if is_quoted:
        if " " in value:
            return value.count(" ") <= 6 and any(c.isdigit() for c in value) and len(value) <= 60
        return len(value) >= 4 and "passw" not in value.lower()
    shape = value.rstrip(".:!?")
    return is_env or (not shape.isalpha() and (not _CODE.match(shape) or not re.search(r"[_.:>]", shape)))


def _is_key(value: str, *, is_quoted: bool, is_env: bool) -> bool:
    if " " in value or len(value) < 8 or value.isdigit():
        return False
    if not any(c.isdigit() for c in value):
        return is_env and is_quoted and len(value) >= 16
    return is_env or not _CODE.match(value)
