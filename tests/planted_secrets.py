"""Invented secrets of every kind that is masked: kind → (text as it stands, the part that must be gone)."""

from __future__ import annotations

import base64
import itertools

_LETTERS = "a7Bq9ZxK2mVt5LwR8nCd3HsJ6fYg4PeU"
_HEX = "8f3a9c2e7716b04d5ae1c97f20d38b64"


def alnum(size: int) -> str:
    return "".join(itertools.islice(itertools.cycle(_LETTERS), size))


def hexa(size: int) -> str:
    return "".join(itertools.islice(itertools.cycle(_HEX), size))


def _pem(kind: str) -> str:
    return "\n".join([f"-----BEGIN {kind}-----", *[alnum(64)] * 3, alnum(22) + "==", f"-----END {kind}-----"])


_JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk"
_PASSWORD = "Tr0ub4dor&3x"

# Secrets that are known by themselves.
TOKENS = {
    "anthropic": "sk-ant-api03-" + alnum(80) + "-AA",
    "openai project": "sk-proj-" + alnum(48),
    "openai": "sk-" + alnum(48),
    "openrouter": "sk-or-v1-" + hexa(64),
    "deepseek": "sk-" + hexa(32),
    "github personal": "ghp_" + alnum(36),
    "github app": "ghs_" + alnum(36),
    "github fine grained": "github_pat_" + alnum(22) + "_" + alnum(59),
    "gitlab personal": "glpat-" + alnum(20),
    "gitlab deploy": "gldt-" + alnum(20),
    "slack bot": "xoxb-123456789012-1234567890123-" + alnum(24),
    "slack app": "xapp-1-A0123456789-1234567890123-" + hexa(64),
    "slack webhook": "https://hooks.slack.com/services/T0123ABCD/B0123ABCD/" + alnum(24),
    "discord webhook": "https://discord.com/api/webhooks/123456789012345678/" + alnum(68),
    "discord bot": "MTE" + alnum(23) + ".Gh7xYz." + alnum(38),
    "teams webhook": "https://acme.webhook.office.com/webhookb2/" + hexa(8) + "@" + hexa(8) + "/IncomingWebhook/x/y",
    "zapier webhook": "https://hooks.zapier.com/hooks/catch/1234567/abc123/",
    "telegram bot": "1234567890:AAE" + alnum(32),
    "aws access key": "AKIA" + "ABCDEFGH23456723",
    "aws temporary key": "ASIA" + "ABCDEFGH23456723",
    "google api key": "AIza" + alnum(35),
    "google oauth": "ya29." + alnum(60),
    "google client secret": "GOCSPX-" + alnum(28),
    "google refresh": "1//0" + alnum(40),
    "azure client secret": "abc8Q~" + alnum(34),
    "stripe live": "sk_live_" + alnum(24),
    "stripe restricted": "rk_test_" + alnum(24),
    "stripe webhook": "whsec_" + alnum(32),
    "twilio": "SK" + hexa(32),
    "sendgrid": "SG." + alnum(22) + "." + alnum(43),
    "mailgun": "key-" + hexa(32),
    "mailchimp": hexa(32) + "-us12",
    "npm": "npm_" + alnum(36),
    "pypi": "pypi-AgEIcHlwaS5vcmc" + alnum(70),
    "hugging face": "hf_" + alnum(34),
    "digitalocean": "dop_v1_" + hexa(64),
    "heroku": "HRKU-" + hexa(8) + "-" + hexa(4) + "-" + hexa(12),
    "databricks": "dapi" + hexa(32),
    "vault": "hvs." + alnum(90),
    "terraform": alnum(14) + ".atlasv1." + alnum(64),
    "doppler": "dp.pt." + alnum(43),
    "linear": "lin_api_" + alnum(40),
    "notion": "ntn_" + alnum(46),
    "postman": "PMAK-" + hexa(24) + "-" + hexa(34),
    "shopify": "shpat_" + hexa(32),
    "square": "sq0atp-" + alnum(22),
    "new relic": "NRAK-" + alnum(27).upper(),
    "grafana": "glsa_" + alnum(32) + "_" + hexa(8),
    "sentry": "sntrys_" + alnum(60),
    "figma": "figd_" + alnum(40),
    "atlassian": "ATATT3" + alnum(120),
    "airtable": "pat" + alnum(14) + "." + hexa(64),
    "planetscale": "pscale_pw_" + alnum(40),
    "supabase": "sbp_" + hexa(40),
    "docker": "dckr_pat_" + alnum(27),
    "netlify": "nfp_" + alnum(36),
    "perplexity": "pplx-" + hexa(48),
    "groq": "gsk_" + alnum(52),
    "replicate": "r8_" + alnum(37),
    "langsmith": "lsv2_pt_" + hexa(32) + "_" + hexa(10),
    "nvidia": "nvapi-" + alnum(64),
    "rubygems": "rubygems_" + hexa(48),
    "tailscale": "tskey-auth-" + alnum(40),
    "age": "AGE-SECRET-KEY-1" + alnum(58).upper(),
    "jwt": _JWT,
    "private key rsa": _pem("RSA PRIVATE KEY"),
    "private key openssh": _pem("OPENSSH PRIVATE KEY"),
    "private key pgp": _pem("PGP PRIVATE KEY BLOCK"),
    "private key cut off": "\n".join(["-----BEGIN PRIVATE KEY-----", *[alnum(64)] * 3]),
    "private key in base64": base64.b64encode(_pem("EC PRIVATE KEY").encode()).decode(),
}

# Secrets that are known by what stands before them.
NAMED = {
    "aws secret key": ("aws_secret_access_key = " + alnum(20) + "/" + alnum(19), alnum(20)),
    "aws session token": ("AWS_SESSION_TOKEN=" + alnum(200), alnum(200)),
    "azure storage": ("DefaultEndpointsProtocol=https;AccountName=x;AccountKey=" + alnum(86) + "==", alnum(86)),
    "azure sas": ("https://x.blob.core.windows.net/c?sv=2024&sig=" + alnum(43) + "%3D&se=2027", alnum(43)),
    "aws signed address": ("https://b.s3.amazonaws.com/k?X-Amz-Signature=" + hexa(64) + "&x=1", hexa(64)),
    "heroku key": ("HEROKU_API_KEY=" + hexa(32), hexa(32)),
    "sql server": ("Server=db;User Id=sa;Password=" + _PASSWORD + ";", _PASSWORD),
    "address": ("postgresql://app:" + _PASSWORD + "@db:5432/x", _PASSWORD),
    "address with at": ("amqp://app:p@ss" + _PASSWORD + "@mq/x", _PASSWORD),
    "token in address": ("https://" + alnum(30) + "@github.com/a/b.git", alnum(30)),
    "shell": ("export DB_PASSWORD=" + _PASSWORD, _PASSWORD),
    "env of letters": ("DB_PASSWORD=correcthorse", "correcthorse"),
    "yaml": ("password: " + _PASSWORD, _PASSWORD),
    "json": ('{"password": "' + _PASSWORD + '", "n": 1}', _PASSWORD),
    "json of letters": ('{"user_password": "correcthorse"}', "correcthorse"),
    "json with escaped quotes": ('{"client_secret": "ab\\"' + hexa(24) + '"}', hexa(24)),
    "json in json": ('{\\"api_key\\": \\"' + hexa(24) + '\\"}', hexa(24)),
    "python": ("client = Client(api_key='" + hexa(24) + "')", hexa(24)),
    "subscript": ("config['SECRET_KEY'] = 'django-" + alnum(30) + "'", alnum(30)),
    "flag": ("tool login --password " + _PASSWORD + " --host x", _PASSWORD),
    "flag with equals": ("tool --api-key=" + hexa(24) + " run", hexa(24)),
    "flag in quotes": ("tool --token '" + alnum(24) + "' run", alnum(24)),
    "mysql": ("mysql -u root -p" + _PASSWORD + " shop", _PASSWORD),
    "sshpass": ("sshpass -p " + _PASSWORD + " ssh x", _PASSWORD),
    "curl": ("curl -u admin:" + _PASSWORD + " https://x", _PASSWORD),
    "bearer": ("Authorization: Bearer " + alnum(40), alnum(40)),
    "bearer alone": ('-H "bearer ' + alnum(40) + '"', alnum(40)),
    "basic": ("Authorization: Basic dXNlcjpwYXNzd29yZDEyMw==", "dXNlcjpwYXNzd29yZDEyMw"),
    "api key header": ("X-Api-Key: " + hexa(32), hexa(32)),
    "cookie": ("Cookie: session=" + alnum(32) + "; theme=dark", alnum(32)),
    "set-cookie": ("set-cookie: sid=s%3A" + alnum(32) + "; Path=/", alnum(32)),
    "php session": ("PHPSESSID=" + hexa(26), hexa(26)),
    "netrc": ("machine example.org login alex password " + _PASSWORD, _PASSWORD),
    "pgpass": ("db.example.org:5432:shop:alex:" + _PASSWORD, _PASSWORD),
    "npmrc": ("//registry.example.org/:_authToken=" + alnum(36), alnum(36)),
    "docker config": ('"auth": "' + "YWxleDpodW50ZXIyMi1sb25n" + '"', "YWxleDpodW50ZXIyMi1sb25n"),
    "kubeconfig": ("client-key-data: " + alnum(80), alnum(80)),
    "kubernetes secret": ("  password: " + "cGFzc3dvcmQxMjM0NQ==", "cGFzc3dvcmQxMjM0NQ"),
    "wireguard": ("PrivateKey = " + alnum(43) + "=", alnum(43)),
    "xml": ("<password>" + _PASSWORD.replace("&", "!") + "</password>", _PASSWORD.replace("&", "!")),
    "said": ("the password is " + _PASSWORD, _PASSWORD),
}
PLANTED = {kind: (secret, secret) for kind, secret in TOKENS.items()} | NAMED
