"""`python -m bench`: what it is asked for has to be there."""

import pytest

from bench.__main__ import PARTS, asked


@pytest.mark.parametrize("only", ["nothing", "", "requests,nothing", "requests,,analyses"])
def test_part_that_is_not_there_is_refused(only: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        asked(["--only", only])
    assert ended.value.code == 2
    assert ", ".join(PARTS) in capsys.readouterr().err


def test_parts_are_named_in_any_order_and_all_by_default() -> None:
    assert asked([]).only == list(PARTS)
    assert asked(["--only", "streams, requests"]).only == ["streams", "requests"]
