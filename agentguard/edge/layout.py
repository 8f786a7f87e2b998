"""Where everything of one installation lies: fixed when it is installed, never taken from a call's environment."""

from __future__ import annotations

from ..lean.value import Value


class Root(Value):
    """One installation. `path` is absolute.

    shims/          one shim for each guarded program; first on the agent's PATH
    current         → store/VERSION, switched atomically
    store/VERSION/  the packages and rules that the shims run from
    bin/agentguard  the person's command, out of the store
    activate.sh, activate.fish
    config.toml     what was chosen at install time
    factors.toml    the keys with which a person proves themselves
    manifest.json   what `install` made, so that `uninstall` takes away exactly that
    data/record.db  the record and the requests
    aside/          what was broken, and put aside for a person to look at
    spent/          which signatures were used, if the installation is the system's
    """

    path: str

    @property
    def shims(self) -> str:
        """The directory that stands first on PATH."""
        return f"{self.path}/shims"

    @property
    def store(self) -> str:
        """The versions that shims have run or can run from."""
        return f"{self.path}/store"

    @property
    def current(self) -> str:
        """The symbolic link to the version in force."""
        return f"{self.path}/current"

    @property
    def data(self) -> str:
        """The directory of the record; its owner is the only uid that writes there."""
        return f"{self.path}/data"

    @property
    def record(self) -> str:
        """The SQLite database with the record and the requests."""
        return f"{self.path}/data/record.db"

    @property
    def spent(self) -> str:
        """The directory of what was used, which only grows; a system-wide installation has it."""
        return f"{self.path}/spent"

    @property
    def config(self) -> str:
        """What was chosen at install time, as TOML."""
        return f"{self.path}/config.toml"

    @property
    def factors(self) -> str:
        """The keys with which a person proves themselves, as TOML."""
        return f"{self.path}/factors.toml"

    @property
    def aside(self) -> str:
        """What a person had put aside because it was broken; a broken record lies beside the one that followed it."""
        return f"{self.path}/aside"

    @property
    def manifest(self) -> str:
        """What `install` made or changed, as JSON."""
        return f"{self.path}/manifest.json"
