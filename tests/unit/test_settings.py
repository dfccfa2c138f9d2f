from pathlib import Path

import pytest

from reveil.errors import BadInput
from reveil.settings import PROJECT, Settings, load_settings, split_address


def write(tmp_path: Path, text: str) -> dict[str, str]:
    file = tmp_path / "settings.yml"
    file.write_text(text)
    return {"REVEIL_SETTINGS": str(file)}


def test_the_shipped_file_says_what_the_defaults_are() -> None:
    shipped = load_settings({})
    assert shipped == Settings(project=PROJECT, data=PROJECT / "data")
    assert shipped.side_effects == "none"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("side_effects: everything\n", "side_effects"),
        ("surprise: 1\n", "surprise"),
        ("esp: {provider: other}\n", "esp.provider"),
        ("esp: sandbox\n", "esp"),
        ("lock_wait_seconds: -1\n", "lock_wait_seconds"),
        ("reactivation: {canary_size: 0}\n", "reactivation.canary_size"),
        ("reactivation: {low_relevance: 6}\n", "reactivation.low_relevance"),
        ("reactivation: {lift_to_see: 1}\n", "reactivation.lift_to_see"),
        ("reactivation: {grace_days: soon}\n", "reactivation.grace_days"),
        ("reactivation: {canary: 500}\n", "reactivation.canary"),
        ("- a list\n", "key: value"),
        ("esp: {\n", "line"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadInput) as mistake:
        load_settings(write(tmp_path, text))
    assert "settings.yml" in str(mistake.value)
    assert words in str(mistake.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not found"):
        load_settings({"REVEIL_SETTINGS": str(tmp_path / "none.yml")})


def test_the_environment_names_the_data_folder_and_the_esp(tmp_path: Path) -> None:
    found = load_settings(
        {
            "REVEIL_DATA": str(tmp_path),
            "REVEIL_ESP_URL": "http://me:secret@127.0.0.1:9/",
            "REVEIL_ESP_PROVIDER": "listmonk",
        }
    )
    assert found.warehouse == tmp_path / "warehouse.duckdb"
    assert (found.esp.url, found.esp.user, found.esp.provider) == ("http://127.0.0.1:9", "me", "listmonk")
    assert found.esp.token.get_secret_value() == "secret"
    assert "secret" not in repr(found)


def test_an_address_without_credentials_has_none() -> None:
    assert split_address("https://esp.example/base/") == {"url": "https://esp.example/base"}


def test_other_credentials_leave_the_rest_as_it_was(tmp_path: Path) -> None:
    changed = Settings(data=tmp_path).with_esp(url="http://127.0.0.1:1", user="", token=None)
    assert changed.esp.url == "http://127.0.0.1:1"
    assert changed.esp.provider == "sandbox"
