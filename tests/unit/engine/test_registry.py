"""References, logins, and what a registry's failure means."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from composeroll.engine.registry.login import header
from composeroll.engine.registry.reference import registry_of, split_tag
from composeroll.engine.registry.words import registry_failure
from composeroll.errors import ComposerollError, EngineError, EngineUnreachable, Refused


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('Get "http://127.0.0.1:5999/v2/": dial tcp 127.0.0.1:5999: connect: connection refused',
         EngineUnreachable),
        ('Get "https://registry.invalid/v2/": dial tcp: lookup registry.invalid: no such host',
         EngineUnreachable),
        ('Head "https://r.example/v2/a": net/http: TLS handshake timeout', EngineUnreachable),
        ("received unexpected HTTP status: 503 Service Unavailable", EngineUnreachable),
        ("manifest for r.example/app:nope not found: manifest unknown: manifest unknown", Refused),
        ("pull access denied for app, repository does not exist or may require 'docker login'",
         Refused),
        (("pull access denied for acme/timeout-worker, repository does not exist or may require"
         " 'docker login': denied: requested access to the resource is denied"), Refused),
        ("manifest for acme/eof:1 not found: manifest unknown: manifest unknown", Refused),
        ("pull access denied for timeout, repository does not exist", Refused),
        (('Get "https://r.example/v2/": net/http: request canceled while waiting for connection'
         " (Client.Timeout exceeded while awaiting headers)"), EngineUnreachable),
        ('Get "https://r.example/v2/": dial tcp 10.0.0.9:443: i/o timeout', EngineUnreachable),
        ("net/http: timeout awaiting response headers", EngineUnreachable),
        ("unauthorized: authentication required", Refused),
        (('failed to resolve reference "r.example/app:1": unexpected status from HEAD request to'
         " https://r.example/v2/app/manifests/1: 500 Internal Server Error"), EngineUnreachable),
        (('failed to resolve reference "r.example/app:1": unexpected status from HEAD request to'
         " https://r.example/v2/app/manifests/1: 403 Forbidden"), Refused),
        (('failed to resolve reference "r.example/nope:1": r.example/nope:1: not found'), Refused),
        ("write /var/lib/docker/tmp/x: no space left on device", EngineError),
    ],
)  # fmt: skip
def test_silence_refusal_and_all_else_are_three_errors(
    said: str, kind: type[ComposerollError]
) -> None:
    error = registry_failure(said, "r.example/app:1")
    assert type(error) is kind
    assert error.evidence == (said,)


LIMITED = (
    (
        "toomanyrequests: You have reached your pull rate limit. You may increase the limit by"
        " authenticating and upgrading: https://www.docker.com/increase-rate-limit"
    ),
    (
        "toomanyrequests: You have reached your unauthenticated pull rate limit."
        " https://www.docker.com/increase-rate-limit"
    ),
    "toomanyrequests: Rate exceeded",
    (
        "unexpected status from HEAD request to https://registry-1.docker.io/v2/library/nginx/manifests"
        "/1: 429 Too Many Requests"
    ),
)
"""Docker Hub's words until 2025 and since, those of another registry, and containerd's."""


@pytest.mark.parametrize("said", LIMITED)
def test_a_reached_rate_limit_is_told_as_one_with_the_ways_on(said: str) -> None:
    error = registry_failure(f"Error response from daemon: {said}", "nginx:1")
    assert isinstance(error, Refused)
    assert error.what == "registry docker.io refuses for now: its rate limit is reached"
    assert error.help is not None
    assert "docker login" in error.help
    assert "wait" in error.help


def test_a_registry_that_nothing_names_is_not_taken_for_docker_hub() -> None:
    assert registry_failure("EOF").what == "the registry does not answer"


def test_what_the_engine_says_twice_is_said_once() -> None:
    assert registry_failure("manifest unknown: manifest unknown").what == "manifest unknown"


def test_a_silent_registry_is_named() -> None:
    said = 'Get "http://127.0.0.1:5999/v2/": dial tcp 127.0.0.1:5999: connect: connection refused'
    assert registry_failure(said).what == "registry 127.0.0.1:5999 does not answer"
    assert registry_failure("EOF", "r.example/app:1").what == "registry r.example does not answer"


@pytest.mark.parametrize(
    ("reference", "registry"),
    [
        ("nginx", "docker.io"),
        ("team/app:1", "docker.io"),
        ("r.example/app", "r.example"),
        ("localhost/app", "localhost"),
        ("host:5000/a/b:tag", "host:5000"),
    ],
)
def test_the_registry_of_a_reference(reference: str, registry: str) -> None:
    assert registry_of(reference) == registry


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("app", ("app", "latest")),
        ("h:5000/app", ("h:5000/app", "latest")),
        ("h:5000/app:1", ("h:5000/app", "1")),
    ],
)
def test_a_port_is_no_tag(reference: str, parts: tuple[str, str]) -> None:
    assert split_tag(reference) == parts


def sent(config: dict[str, object], registry: str) -> dict[str, str]:
    """The login that is sent to a registry."""
    value = header(config, registry).get("X-Registry-Auth")
    return json.loads(base64.urlsafe_b64decode(value)) if value else {}


def test_a_login_in_the_file_is_sent_to_its_own_registry_only() -> None:
    config: dict[str, object] = {
        "auths": {"r.example": {"auth": base64.b64encode(b"ann:se:cret").decode()}}
    }
    login = {"username": "ann", "password": "se:cret", "serveraddress": "r.example"}
    assert sent(config, "r.example") == login
    assert sent(config, "other.example") == {}


def test_the_hub_is_known_by_its_old_name() -> None:
    auths = {"https://index.docker.io/v1/": {"auth": base64.b64encode(b"ann:x").decode()}}
    assert sent({"auths": auths}, "docker.io")["username"] == "ann"


def test_a_credential_helper_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = tmp_path / "docker-credential-vault"
    helper.write_text(
        "#!/bin/sh\nread -r host\n"
        'printf \'{"ServerURL":"%s","Username":"deploy","Secret":"pw-for-%s"}\' "$host" "$host"\n'
    )
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    login = sent({"credHelpers": {"r.example": "vault"}}, "r.example")
    assert (login["username"], login["password"]) == ("deploy", "pw-for-r.example")


def test_a_login_in_the_environment_comes_before_all_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So does docker since 28.3 (`GetCredentialsStore`); what it cannot read it passes over."""
    auth = {
        name: {"auth": base64.b64encode(f"{name}:x".encode()).decode()} for name in ("ci", "ann")
    }
    config: dict[str, object] = {"auths": {"r.example": auth["ann"]}}
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", json.dumps({"auths": {"r.example": auth["ci"]}}))
    assert sent(config, "r.example")["username"] == "ci"
    assert sent({"credsStore": "nowhere-to-be-found"}, "r.example")["username"] == "ci"
    assert sent(config, "other.example") == {}
    for unreadable in (
        "",
        "{",
        "[]",
        '{"auths": {"r.example": 1}}',
        '{"auths": {"r.example": {}}}',
    ):
        monkeypatch.setenv("DOCKER_AUTH_CONFIG", unreadable)
        assert sent(config, "r.example")["username"] == "ann"


def test_a_helper_that_is_not_there_is_no_login() -> None:
    assert sent({"credsStore": "nowhere-to-be-found"}, "r.example") == {}
