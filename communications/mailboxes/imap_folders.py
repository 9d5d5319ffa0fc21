"""Which folder of a mailbox is for drafts, which for sent mail: by what the server says of it, or else by its name."""

from dataclasses import dataclass
from unicodedata import normalize

from communications.mailboxes import MailboxError
from communications.mailboxes.imap_connection import Client

DRAFTS, SENT, TRASH = b"\\drafts", b"\\sent", b"\\trash"  # RFC 6154
# As mail programs and providers name them, in the languages they come in.
NAMES = {
    DRAFTS: (
        *("drafts", "draft", "[gmail]/drafts", "entwürfe", "entwurf", "brouillons", "brouillon", "borradores", "borrador", "bozze"),
        *("concepten", "rascunhos", "utkast", "kladder", "luonnokset", "kopie robocze", "wersje robocze", "szkice", "koncepty"),
        *("rozepsané", "piszkozatok", "ciorne", "mustandid", "juodraščiai", "melnraksti", "osnutki", "skice", "taslaklar", "πρόχειρα"),
        *(
            "черновики",
            "чернетки",
            "чернови",
            "下書き",
            "草稿",
            "草稿箱",
            "草稿匣",
            "임시 보관함",
            "임시보관함",
            "מסודות",
            "טיוטות",
            "مسودات",
        ),
    ),
    SENT: (
        *("sent", "sent items", "sent mail", "sent messages", "[gmail]/sent mail", "gesendet", "gesendete objekte", "gesendete elemente"),
        *("envoyés", "messages envoyés", "éléments envoyés", "enviados", "elementos enviados", "posta inviata", "inviati", "verzonden"),
        *("verzonden items", "itens enviados", "skickat", "skickade", "sendt", "sendte", "lähetetyt", "wysłane", "odeslané", "odoslané"),
        *(
            "elküldött",
            "trimise",
            "gönderilmiş",
            "gönderilenler",
            "απεσταλμένα",
            "отправленные",
            "надіслані",
            "送信済み",
            "已发送",
            "寄件備份",
        ),
    ),
    TRASH: ("trash", "[gmail]/trash", "[gmail]/bin", "deleted items", "papierkorb", "corbeille", "papelera", "cestino", "prullenbak"),
}
NO_DRAFTS = "The mailbox has no folder for drafts. Save a draft in your mail program once, or make a folder named Drafts, and try again."


@dataclass(frozen=True)
class Folder:
    name: str
    delimiter: str
    flags: frozenset[bytes]

    @property
    def known_as(self) -> set[str]:
        """Its whole name and its last part: servers put it under INBOX or under their own name."""
        whole = normalize("NFC", self.name).casefold()
        return {whole, whole.rsplit(self.delimiter, 1)[-1] if self.delimiter else whole}


def listed(client: Client) -> list[Folder]:
    """All folders that hold messages, those nearer to the top first."""
    found = [
        Folder(name, (delimiter or b"").decode(), frozenset(flag.lower() for flag in flags))
        for flags, delimiter, name in client.folders_with_uses()
    ]
    there = [folder for folder in found if not folder.flags & {b"\\noselect", b"\\nonexistent"}]
    return sorted(there, key=lambda folder: (folder.name.count(folder.delimiter) if folder.delimiter else 0, folder.name))


def folder_for(use: bytes, folders: list[Folder]) -> str | None:
    by_use = (folder.name for folder in folders if use in folder.flags)
    by_name = (folder.name for name in NAMES[use] for folder in folders if name in folder.known_as)
    return next(by_use, None) or next(by_name, None)


def drafts_folder(folders: list[Folder], wanted: str = "") -> str:
    """The one of that name; without a name, the one that is for drafts. Raises MailboxError."""
    if wanted:
        named = [folder.name for folder in folders if normalize("NFC", wanted).casefold() in folder.known_as]
        if not named:
            raise MailboxError(f"The mailbox has no folder “{wanted}”. Name another, or none to have the one for drafts.", permanent=True)
        return wanted if wanted in named else named[0]
    name = folder_for(DRAFTS, folders)
    if name is None:
        raise MailboxError(NO_DRAFTS, permanent=True)
    return name
