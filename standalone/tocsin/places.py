"""Where in a YAML text each part stands, so that what is wrong can be named with its line."""

from collections.abc import Iterator, Mapping

import yaml

Steps = tuple[int | str, ...]


class Places:
    """The lines of one file. Without a text every place is its path alone."""

    def __init__(self, name: str = "", text: str = "") -> None:
        self._name = name
        self._lines: Mapping[Steps, int] = dict(_lines(yaml.compose(text, Loader=yaml.SafeLoader), (), ()))

    def of(self, steps: Steps) -> str:
        """`file:line: the.path.in.it`; what is missing stands where its surroundings begin."""
        path = ".".join(str(step) for step in steps)
        known = next((steps[:n] for n in range(len(steps), 0, -1) if steps[:n] in self._lines), None)
        return f"{self._name}:{self._lines[known]}: {path}" if known else path


def _lines(node: yaml.Node | None, at: Steps, above: tuple[int, ...]) -> Iterator[tuple[Steps, int]]:
    if node is None or id(node) in above:  # an alias may lead back to what contains it
        return
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*at, str(key.value)), (*above, id(node)))
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _lines(item, (*at, number), (*above, id(node)))
