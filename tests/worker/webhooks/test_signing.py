"""Signatures by the Standard Webhooks rules."""

from __future__ import annotations

import base64

import pytest

from schemas.errors import UsageError
from worker.webhooks.signing import make_secret, read_secret, sign

# the worked example that the rules publish
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - published
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = b'{"test": 2432232314}'


def test_the_published_example_is_met() -> None:
    """Id, time and body of the published example give the published signature."""
    headers = sign(MESSAGE, 1614265330, BODY, [SECRET])
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-id"] == MESSAGE
    assert headers["webhook-timestamp"] == "1614265330"


def test_while_a_secret_is_changed_both_sign() -> None:
    """Two secrets give two signatures, each the one it would give alone."""
    other = make_secret()
    both = sign(MESSAGE, 5, BODY, [SECRET, other])["webhook-signature"].split(" ")
    assert both == [sign(MESSAGE, 5, BODY, [secret])["webhook-signature"] for secret in (SECRET, other)]


def test_a_secret_has_32_bytes_and_never_comes_twice() -> None:
    """Made secrets are read back, long enough, and differ."""
    made = {make_secret() for _ in range(20)}
    assert len(made) == 20
    assert all(len(read_secret(secret)) == 32 for secret in made)


@pytest.mark.parametrize(
    "text",
    ["", "geheim", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%", "whsec_" + base64.b64encode(bytes(65)).decode()],
)
def test_what_is_no_secret_is_refused(text: str) -> None:
    """A secret without its prefix, too short, too long or not base64 is refused."""
    with pytest.raises(UsageError):
        read_secret(text)
