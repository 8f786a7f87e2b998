"""Which files hold credentials, by their names, and which bytes are a private key."""

from __future__ import annotations

from .text.glob import like

#: Names of files that hold a key, a password or a token, whichever directory they are in ("*" globs) …
_NAMES = (
    "id_rsa", "id_dsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "*.key", "*.p12", "*.pfx", "*.jks",
    "*.keystore", "*.kdbx", ".env", ".env.*", ".envrc", ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf",
    ".git-credentials", ".htpasswd", ".vault-token", ".credentials.json", "credentials.tfrc.json",
    "application_default_credentials.json", "terraform.tfvars", "shadow", "gshadow",
)  # fmt: skip
#: … and in which directory, of those whose names say nothing by themselves.
_PLACES = (
    ".ssh/*", ".gnupg/*", ".aws/credentials", ".aws/config", ".docker/config.json", ".kube/config", "gh/hosts.yml",
    "gcloud/credentials.db", "gcloud/access_tokens.db", ".cargo/credentials", ".cargo/credentials.toml", ".azure/*",
    ".railway/config.json",
)  # fmt: skip
#: What looks so and is meant to be seen.
_PUBLIC = (
    "*.pub", "*.example", "*.sample", "*.template", "*.dist", ".ssh/known_hosts*", ".ssh/config",
    ".ssh/authorized_keys",
)  # fmt: skip


def is_credential_file(path: str) -> bool:
    """Whether a file holds credentials, by its name and the directory that it is in."""
    folder, _, name = path.rpartition("/")
    placed = f"{folder.rpartition('/')[2]}/{name}"
    if any(like(name, one) or like(placed, one) for one in _PUBLIC):
        return False
    return any(like(name, one) for one in _NAMES) or any(like(placed, one) for one in _PLACES)


def is_private_key(data: bytes) -> bool:
    """Whether there is a private key in some bytes (PEM, OpenSSH, PGP)."""
    return b"-----BEGIN " in data and b"PRIVATE KEY" in data
