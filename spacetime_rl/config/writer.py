"""Write a configuration as YAML that loads back to the same value."""

from __future__ import annotations

from typing import Any

import yaml

from spacetime_rl.config.document import RESOLVERS
from spacetime_rl.config.model import RunConfig


def dump(config: RunConfig) -> str:
    """The whole configuration, defaults included, as YAML text."""
    return to_yaml(config.to_dict())


def to_yaml(data: dict[str, Any]) -> str:
    """Plain data as YAML text."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=120)


class _Dumper(yaml.SafeDumper):
    """No aliases: equal values are written twice. Text is quoted where any reader takes it for a number."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


_Dumper.yaml_implicit_resolvers = {
    first: [*yaml.SafeDumper.yaml_implicit_resolvers.get(first, []), *RESOLVERS.get(first, [])]
    for first in (*yaml.SafeDumper.yaml_implicit_resolvers, *RESOLVERS)
}
