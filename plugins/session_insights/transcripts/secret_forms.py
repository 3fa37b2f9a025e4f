"""Secrets that are known by their own form, whatever stands around them: issuers' prefixes, keys, webhooks.

Source: docs/privacy.md; the forms are those that the issuers publish for secret scanning.
"""

from __future__ import annotations

import re

# Prefix → the fewest characters after it. A tail is letters and digits, at least one of them a digit or a capital.
_PLAIN = {
    **dict.fromkeys(("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "npm_", "hf_"), 30),
    **dict.fromkeys(("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"), 16),
    **dict.fromkeys(("sbp_", "rubygems_", "gsk_", "r8_", "tfp_", "nfp_", "bkua_", "pnu_", "pul-", "figd_"), 30),
    **dict.fromkeys(("dop_v1_", "doo_v1_", "dor_v1_"), 60),
    **dict.fromkeys(("shpat_", "shpss_", "shpca_", "shppa_", "dapi", "lin_api_", "lin_oauth_", "pplx-"), 24),
    **dict.fromkeys(("NRAK-", "NRII-", "NRJS-", "vcp_", "vck_", "ntn_", "CLOJARS_", "EZAK"), 24),
    **dict.fromkeys(("AGE-SECRET-KEY-1", "ABSK", "EAAC", "EAAB", "AKCp"), 50),
}
# The same, where a tail may hold `-`, `_`, `.`, `=` and `%` too; at least one digit.
_WIDE = {
    **dict.fromkeys(("github_pat_", "pypi-AgE", "xkeysib-", "nvapi-", "ATATT3", "ATCTT3", "ops_eyJ"), 30),
    **dict.fromkeys(("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "gloas-", "glsoat-", "glft-", "glagent-"), 18),
    **dict.fromkeys(("xoxb-", "xoxa-", "xoxp-", "xoxr-", "xoxs-", "xoxe-", "xoxc-", "xoxd-", "xoxe.", "xapp-"), 10),
    **dict.fromkeys(("ya29.", "GOCSPX-", "hvs.", "hvb.", "hvr.", "dp.pt.", "dp.st.", "dp.sa.", "tskey-"), 20),
    **dict.fromkeys(("glsa_", "glc_", "sntrys_", "sntryu_", "dckr_pat_", "dckr_oat_", "sb_secret_", "fm2_"), 20),
    **dict.fromkeys(("pscale_tkn_", "pscale_pw_", "tvly-", "lsv2_pt_", "lsv2_sk_", "pcsk_", "tgp_v1_", "xai-"), 20),
    **dict.fromkeys(("sq0atp-", "sq0csp-", "CFPAT-", "CCIPAT_", "ATBB", "secret_", "bedrock-api-key-"), 20),
    **dict.fromkeys(("sk-", "PMAK-", "HRKU-", "1//0"), 20),
}
# A form begins a word; in JSON that is shown as text, a word may follow the letter of `\\n`.
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
Form = tuple[str, re.Pattern[str]]


def _form(literal: str, tail: str) -> Form:
    start = re.escape(literal)
    # The literal comes first and the look behind it second: so `re` searches for the literal alone.
    return literal, re.compile(rf"{start}(?:(?<![A-Za-z0-9]{start})|(?<=\\[nrt]{start})){tail}")


def _free(literal: str, pattern: str) -> Form:
    return literal, re.compile(pattern)


# A key may be cut off; then what looks like its lines goes.
_PEM_HEAD = r"-----BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_PEM_GAP = r"""(?:\s|\\+[nr]|["'+,>|])"""
_PRIVATE_KEY = (
    rf"{_PEM_HEAD}(?:[^-]|-(?!----)){{0,12000}}+-----END[A-Z0-9 ]{{0,40}}PRIVATE KEY(?: BLOCK)?-----"
    rf"|{_PEM_HEAD}(?:{_PEM_GAP}*+[A-Z][A-Za-z-]{{3,20}}: [A-Za-z0-9,+/= .-]{{1,100}})*+"
    rf"(?:{_PEM_GAP}*+[A-Za-z0-9+/=]{{12,}}+)++(?:{_PEM_GAP}*+[A-Za-z0-9+/]{{1,76}}={{1,2}})?"
)

# (literal that stands in each, form): a text without the literal costs one search for it.
FORMS: tuple[Form, ...] = (
    _free("PRIVATE KEY", _PRIVATE_KEY),
    *(_form(p, rf"(?=[a-z]{{0,60}}[A-Z0-9])[A-Za-z0-9]{{{fewest},2000}}+") for p, fewest in _PLAIN.items()),
    *(_form(p, rf"(?=[A-Za-z_-]{{0,60}}[0-9])[A-Za-z0-9_.=%-]{{{fewest},4000}}+") for p, fewest in _WIDE.items()),
    *(_form(p, r"[A-Z0-9]{16}(?![A-Za-z0-9])") for p in ("AKIA", "ASIA", "AROA", "AIDA", "ABIA", "ACCA")),
    _form("AIza", r"[A-Za-z0-9_-]{35}"),
    _form("SG.", r"[A-Za-z0-9_-]{16,100}+\.[A-Za-z0-9_-]{16,100}+"),
    _form("SK", r"[0-9a-f]{32}(?![A-Za-z0-9])"),
    _form("key-", r"[0-9a-f]{32}(?![A-Za-z0-9])"),
    _form("sk_", r"[0-9a-f]{40,64}(?![A-Za-z0-9])"),
    _form("re_", r"(?=[A-Za-z_]{0,30}[0-9])[A-Za-z0-9]{8}_[A-Za-z0-9]{20,40}+"),
    _form("pat", r"[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    _form("eyJ", r"[A-Za-z0-9_-]{8,4000}+\.eyJ[A-Za-z0-9_-]{8,8000}+(?:\.[A-Za-z0-9_-]{0,2000}+)?"),
    _form("LS0tLS1CRUdJTi", r"(?!BDRVJU|BQVUJM)[A-Za-z0-9+/]{20,20000}+={0,2}"),
    *(_free(f"-us{digit}", rf"{_START}[0-9a-f]{{32}}-us{digit}[0-9]?\b") for digit in range(1, 10)),
    _free(".atlasv1.", _START + r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{50,100}+"),
    _free("8Q~", r"[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,37}"),
    _free("7Q~", r"[A-Za-z0-9_~.-]{3}7Q~[A-Za-z0-9_~.-]{31,37}"),
    _free(":AA", r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
)
# An address that anybody may post to.
WEBHOOK = re.compile(
    r"://(?:hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{1,200}+"
    r"|[\w.]{0,20}discord(?:app)?\.com/api/webhooks/[0-9]{1,30}/[A-Za-z0-9_-]{1,200}+"
    r"|hooks\.zapier\.com/hooks/catch/[A-Za-z0-9/_-]{1,200}+"
    r"|[\w.-]{1,100}?\.(?:office\.com/webhook|logic\.azure\.com/)[^\s\"'<>\\]{1,500}+)"
)
# A bot's token of Discord has no literal; its two dots, six characters apart, are rare.
DISCORD = re.compile(r"\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}")
DISCORD_TOKEN = re.compile(_START + r"[MNO][A-Za-z0-9_-]{23,27}+\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}+")
