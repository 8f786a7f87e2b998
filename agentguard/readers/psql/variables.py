"""psql's variables, as far as their values are known."""

from __future__ import annotations

#: Variables that psql sets itself, whose values are not followed.
OWN = frozenset(
    """
    DBNAME ENCODING ERROR HOST LAST_ERROR_MESSAGE LAST_ERROR_SQLSTATE PORT ROW_COUNT SERVER_VERSION_NAME
    SERVER_VERSION_NUM SHELL_ERROR SHELL_EXIT_CODE SQLSTATE USER VERSION VERSION_NAME VERSION_NUM
    """.split()  # noqa: SIM905
)
#: What psql takes as on, for a variable that is on or off.
ON = ("on", "1", "true", "yes", "t", "y")


class Variables(dict[str, "str | None"]):
    """psql's variables; None where the value is not known.

    `\\gset` may set any name that begins with one of `prefixes`.
    """

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(OWN))
        self.prefixes: list[str] = []

    def doubt(self, prefix: str) -> None:
        """Of every variable whose name begins so, nobody knows the value any more, or whether there is one."""
        for name in self:
            if name.startswith(prefix):
                self[name] = None
        self.prefixes.append(prefix)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._maybe(str(name))

    def __missing__(self, name: str) -> None:
        if not self._maybe(name):
            raise KeyError(name)

    def _maybe(self, name: str) -> bool:
        return not name.isdigit() and any(name.startswith(prefix) for prefix in self.prefixes)
