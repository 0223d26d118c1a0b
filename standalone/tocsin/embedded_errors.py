"""What can go wrong with the embedded PostgreSQL, said in one line that tells the operator what to do."""

from pathlib import Path

_CAUSES = (
    (
        "No space left on device",
        "the disk that holds {data} is full: free some space and start again; nothing accepted is lost",
    ),
    (
        "Read-only file system",
        "{data} is on a read-only file system: remount it or choose another directory with --data-dir",
    ),
    (
        "Permission denied",
        "PostgreSQL may not read or write {data}: give it back to the account it was created by",
    ),
    (
        "could not look up effective user ID",
        "this user id has no entry in /etc/passwd, which PostgreSQL needs: add one, "
        "or use a server of your own with --database",
    ),
    (
        "Cannot allocate memory",
        "there is not enough memory to start PostgreSQL (about 100 MiB): free some and start again",
    ),
    (
        "could not locate a valid checkpoint record",
        "the database in {data} is damaged: restore it from a backup into an empty directory",
    ),
)
_GRAVE = ("PANIC:", "FATAL:", "ERROR:", "error:")


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot run; the text is one line for the operator and says what to do."""


def explain(output: str, data: Path) -> str:
    """Turn what PostgreSQL printed before it gave up into one line that says what to do.

    `output` is the tail of its log, in English (it runs with `LC_MESSAGES=C`); `data` is named in the answer.
    """
    for sign, advice in _CAUSES:
        if sign in output:
            return advice.format(data=data)
    grave = [line.strip() for line in output.splitlines() if any(word in line for word in _GRAVE)]
    cause = grave[-1] if grave else "it said nothing"
    return f"PostgreSQL did not start on {data}: {cause} (its logs are in {data}/postgres/data/log)"
