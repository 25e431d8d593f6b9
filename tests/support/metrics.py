"""What an edge counts, read from its /metrics."""

import re


def value_of(edge, name, **labels):
    """Of one metric; those of the node alone have no labels."""
    for line in edge.metrics().splitlines():
        if match := re.fullmatch(rf"{name}\{{(.*)\}} (\S+)", line):
            found = dict(re.findall(r'(\w+)="([^"]*)"', match[1]))
            found.pop("node")
            if found == {key: str(value) for key, value in labels.items()}:
                return float(match[2])
    raise AssertionError(f"{edge.name} has no metric {name} {labels}")


class Counted:
    """How much a counter rose since this was made: `Counted(edge, "roomcast_joins_total")()`. Edges publish every 0.5 s."""

    def __init__(self, edge, name, **labels):
        self.value = lambda: value_of(edge, name, **labels)
        self.before = self.value()

    def __call__(self):
        return self.value() - self.before
