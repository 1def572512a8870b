"""`make rules` tells the truth about which rules are proven."""

from pathlib import Path

import pytest

from tests.rules import ROOT, listed, report

TEST = """
@rule("LIFE-5", "LIFE-6")
def test_a_flagged_chat_stays(): ...
@rule("CHAT-99")
class TestChat:
    def test_it(self): ...
"""


def _written(folder: Path, rules: str, test: str = TEST) -> tuple[list[str], list[str]]:
    (folder / "tests").mkdir()
    (folder / "tests" / "test_life.py").write_text(test)
    (folder / "rules.md").write_text(rules)
    return report(folder / "rules.md", folder / "tests")


def test_a_rule_is_listed_with_its_proof_and_others_as_unproven(tmp_path: Path) -> None:
    lines, _ = _written(tmp_path, "- **LIFE-5** Flag.\n- **LIFE-7** Silence.\n")
    assert lines == [
        "LIFE-5 proven tests/test_life.py::test_a_flagged_chat_stays",
        "LIFE-7 UNPROVEN",
        "2 rules, 1 proven",
    ]


def test_a_test_that_names_an_unknown_rule_is_an_error(tmp_path: Path) -> None:
    _, errors = _written(tmp_path, "- **LIFE-5** Flag.\n- **LIFE-6** Time.\n")
    assert errors == ["tests/test_life.py::TestChat::test_it names CHAT-99, not in rules.md"]


def test_a_rule_listed_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lists twice: LIFE-5"):
        _written(tmp_path, "- **LIFE-5** Flag.\n- **LIFE-5** Again.\n")


def test_every_marked_test_of_this_product_names_a_listed_rule() -> None:
    lines, errors = report(ROOT / "docs" / "rules.md", ROOT / "tests")
    assert errors == []
    assert lines[-1].startswith(f"{len(listed(ROOT / 'docs' / 'rules.md'))} rules, ")
