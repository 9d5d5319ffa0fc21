"""How a file is to be read: what a person said of it, and what was found for the rest."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from accounts.sources import FORMATS
from accounts.sources.reading import Format

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
ENCODINGS = {
    "utf-8": "Unicode (UTF-8)",
    "utf-16": "Unicode (UTF-16)",
    "cp1252": "Western European (Windows-1252)",
    "latin-1": "Western European (Latin-1)",
    "iso8859-15": "Western European (Latin-9)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "cp932": "Japanese (Shift JIS)",
    "gb18030": "Chinese (GB 18030)",
    "big5": "Chinese (Big5)",
    "euc-kr": "Korean (EUC-KR)",
    "mac-roman": "Western European (old Macintosh)",
}


@dataclass(frozen=True)
class Choices:
    """ "" is found by looking, but for `time_zone`, of dates that name none: that is UTC. `columns` name the heading of a value, "" where the file has none; `account_column` stands above them all."""

    format: str = ""
    delimiter: str = ""
    encoding: str = ""
    date_order: str = ""
    time_zone: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    account_column: str = ""
    create_accounts: bool = False

    @property
    def known_format(self) -> Format:
        return FORMATS[self.format]

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.time_zone) if self.time_zone else UTC

    def of_format(self, name: str) -> "Choices":
        """The same for a format that was found by looking: it does not have the columns of another."""
        if self.format:
            return self
        others = {column for other, known in FORMATS.items() if other != name for column in known.columns} - FORMATS[name].columns.keys()
        return replace(self, format=name, columns={column: said for column, said in self.columns.items() if column not in others})

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"columns": dict(self.columns)}
