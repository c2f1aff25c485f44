"""The section ``desk.assistant``: an endpoint is named whole and safely, or every mistake is told with its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relevo.configuration import read_configuration
from relevo.configuration.assistant import FEATURES, AssistantAccount
from relevo.contracts.assistant import Feature
from relevo.errors import ConfigurationError

BOT = Path(__file__).parents[3]
KEY = {"MODEL_KEY": "sk-secret"}


def _read(folder: Path, section: str, environment: dict[str, str]) -> AssistantAccount | None:
    for name in ("policies.yml", "relevo.yml", "credentials.yml"):
        shutil.copy(BOT / name, folder / name)
    lines = ["desk:", "  assistant:", *(f"    {line}" for line in section.splitlines())]
    text = (folder / "relevo.yml").read_text("utf-8").replace("\ndesk:", "\n" + "\n".join(lines), 1)
    (folder / "relevo.yml").write_text(text, "utf-8")
    return read_configuration(folder, environment).bot.assistant


def _section(**changed: str) -> str:
    parts = {"url": "https://models.example.com/v1", "model": "large", "features": "[summary, draft]", **changed}
    return "\n".join(f"{name}: {value}" for name, value in parts.items() if value)


def test_an_endpoint_is_read_with_its_key_from_the_environment(tmp_path: Path) -> None:
    """The file has the variable's name only, and the key never prints."""
    found = _read(tmp_path, _section(key_env="MODEL_KEY"), KEY)
    assert found is not None
    assert (found.url, found.model, found.host) == ("https://models.example.com/v1", "large", "models.example.com")
    assert found.features == {"summary", "draft"}
    assert found.key is not None
    assert found.key.reveal() == "sk-secret"
    assert "sk-secret" not in repr(found)


def test_features_have_the_same_names_everywhere() -> None:
    """What relevo.yml may name is what an assistant can do."""
    assert tuple(feature.value for feature in Feature) == FEATURES


@pytest.mark.parametrize("host", ["127.0.0.1:11434", "[::1]", "10.0.0.7", "192.168.1.5", "localhost", "ollama:11434"])
def test_a_model_in_the_house_may_be_asked_by_http_where_that_is_said(tmp_path: Path, host: str) -> None:
    """Both are needed: an address of this network, and the word that http is meant."""
    found = _read(tmp_path, _section(url=f"http://{host}/v1/", allow_http="true"), {})
    assert found is not None
    assert found.url == f"http://{host}/v1"
    with pytest.raises(ConfigurationError, match="or add 'allow_http: true'"):
        _read(tmp_path, _section(url=f"http://{host}/v1"), {})


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"url": "http://models.example.com/v1", "allow_http": "true"},
            "anybody on the way could read what is sent to",
        ),
        ({"url": "http://169.254.169.254/v1", "allow_http": "true"}, "anybody on the way could read"),
        ({"url": "http://8.8.8.8/v1", "allow_http": "true"}, "anybody on the way could read"),
        ({"url": "https://user:key@models.example.com/v1"}, "the key goes into the environment"),
        ({"url": "https://models.example.com/v1?key=1"}, "the key goes into the environment"),
        ({"url": "ftp://models.example.com"}, "url must be the address"),
        ({"url": "https://models.example.com:http/v1"}, "url must be the address"),
        ({"url": f"https://{'m' * 70}.example.com/v1"}, "url must be the address"),
        ({"url": ""}, "assistant lacks 'url'; add it."),
        ({"model": ""}, "assistant lacks 'model'; add it."),
        ({"features": "[poems]"}, "features is 'poems', and must be one of: draft, summary, translation."),
        ({"features": "[]"}, "features must be a list that holds something"),
        ({"key_env": "MODEL_KEYS"}, "key_env takes the key from MODEL_KEYS, and it is not set in the environment."),
        ({"key_env": "sk-secret"}, "key_env must be the name of an environment variable"),
        ({"key": "sk-secret"}, "'key' means nothing here"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, changed: dict[str, str], told: str) -> None:
    """Whoever wrote it reads what to write instead."""
    with pytest.raises(ConfigurationError) as error:
        _read(tmp_path, _section(**changed), KEY)
    lines = str(error.value).splitlines()
    assert any(told in line for line in lines), lines
    assert all(line.startswith("relevo.yml:") for line in lines)
