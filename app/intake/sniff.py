"""Is this certainly no recording? A look at the first bytes, without any audio library.

It refuses only what is plainly something else (text, a picture, a document, an archive). Whatever might be audio passes, and
the analysis tells whether it can be heard: a cheap look must never lose a call.
"""

HEAD_BYTES = 4096
_KNOWN = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff\xe0", "a JPEG picture"),
    (b"\xff\xd8\xff\xe1", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "a database"),
)
# How recordings begin that start with letters; cut off right there they would look like text.
_AUDIO = (b"RIFF", b"RF64", b"RIFX", b"FORM", b"OggS", b"fLaC", b"ID3", b"#!AMR", b".snd", b"caff")
_TEXT_CONTROLS = b"\t\n\r\f"


def describe_non_audio(head: bytes) -> str | None:
    """Return what the file is when its first ``HEAD_BYTES`` show that it is no recording; None when it may be one."""
    for magic, name in _KNOWN:
        if head.startswith(magic):
            return name
    return "text" if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    """Say whether all bytes are printable UTF-8 text; samples of sound hold control bytes within a few milliseconds."""
    if head.startswith(_AUDIO) or any(byte < 0x20 and byte not in _TEXT_CONTROLS for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and len(head) >= HEAD_BYTES  # a character cut off at the end
    return True
