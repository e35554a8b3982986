"""Where settings come from besides the environment and `.env`."""

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from addon.errors import Misconfigured


class SecretFiles(PydanticBaseSettingsSource):
    """Reads NAME from the file that NAME_FILE points at, as container secrets are mounted."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        name = f"{field_name.upper()}_FILE"
        path = os.environ.get(name)
        try:
            return (Path(path).read_text("utf-8").strip() if path else None), field_name, False
        except UnicodeDecodeError:
            raise Misconfigured(f"{name}: {path} is no text in UTF-8") from None

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(info, name)[0] for name, info in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}
