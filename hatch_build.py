"""The wheel carries the built web files, which git does not."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CarryStatic(BuildHookInterface):
    """Adds deskbell/static; a wheel without the screens would be no product, so it refuses."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        static = Path(self.root) / "deskbell" / "static"
        if version == "editable":
            return
        if not static.is_dir():
            raise FileNotFoundError("deskbell/static is missing: run `make web` before building the wheel")
        build_data["artifacts"].append("deskbell/static/**")
