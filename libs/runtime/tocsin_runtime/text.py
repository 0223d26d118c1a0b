"""Text that PostgreSQL can hold."""


def clean(text: str) -> str:
    """The text without NUL and lone surrogates, which no UTF-8 column takes."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")
