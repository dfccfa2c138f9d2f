"""One HTTP session with a provider: time-outs, bounded retries, errors of our own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import requests

from reveil.esp import retry
from reveil.esp.base import EspDenied, EspError, EspRejected, EspUnavailable, EspUncertain


class HttpSession:
    """Sends requests to one provider.

    `repeatable` calls (reads, and writes that end in the same state when done twice) are retried after
    every transient failure. Others are retried only when the provider surely did nothing; else the caller
    gets EspUncertain and must look.
    """

    def __init__(
        self,
        url: str,
        auth: tuple[str, str] | None,
        timeout_seconds: float,
        attempts: int,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout_seconds
        self._attempts = attempts
        self._sleep = sleep
        self._rng = rng or random.Random()  # noqa: S311 - jitter needs no cryptography
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment must not see the audience
        if auth is not None:
            self._session.auth = auth

    def call(self, method: str, path: str, *, repeatable: bool, **options: Any) -> requests.Response:
        """The provider's answer below 400. Raises EspDenied, EspRejected, EspUnavailable, EspUncertain."""
        for attempt in range(1, self._attempts + 1):
            try:
                return self._once(method, path, repeatable, **options)
            except _Transient as failure:
                if attempt == self._attempts or (failure.is_ambiguous and not repeatable):
                    raise failure.error from None
                self._sleep(retry.delay(attempt, failure.headers, self._rng))
        raise AssertionError("unreachable: the loop returns or raises")

    def _once(self, method: str, path: str, repeatable: bool, **options: Any) -> requests.Response:
        what = f"{method} {self._url}{path}"
        try:
            response = self._session.request(
                method, self._url + path, timeout=self._timeout, allow_redirects=False, **options
            )
        except requests.exceptions.ConnectTimeout:
            raise _Transient(EspUnavailable(f"{what}: no connection in time"), is_ambiguous=False) from None
        except requests.exceptions.ConnectionError as error:
            raise _lost(what, error) from None
        except requests.exceptions.RequestException as error:
            uncertain = EspUncertain(f"{what}: no complete answer ({type(error).__name__})")
            raise _Transient(uncertain, is_ambiguous=True) from None
        return _judge(what, response)


class _Transient(Exception):
    """A failure that may pass; ambiguous when the call may have been carried out all the same."""

    def __init__(
        self, error: EspError, is_ambiguous: bool, headers: requests.structures.CaseInsensitiveDict[str] | None = None
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.is_ambiguous = is_ambiguous
        self.headers = headers if headers is not None else requests.structures.CaseInsensitiveDict()


def _lost(what: str, error: requests.exceptions.ConnectionError) -> _Transient:
    """Told apart by whether the connection was ever made: only then can something have been done."""
    if "NewConnectionError" in repr(error) or "Failed to establish" in str(error):
        return _Transient(EspUnavailable(f"{what}: nothing answers there; is the provider up?"), is_ambiguous=False)
    return _Transient(EspUncertain(f"{what}: the connection was cut"), is_ambiguous=True)


def _judge(what: str, response: requests.Response) -> requests.Response:
    status = response.status_code
    if status < 400:
        return response
    if status in (401, 403):
        raise EspDenied(
            f"{what}: {status}, wrong or missing credentials; correct the connection esp_default, or "
            "REVEIL_ESP_USER and REVEIL_ESP_TOKEN"
        )
    if retry.was_not_processed(status):
        raise _Transient(EspUnavailable(f"{what}: {status}, asked to wait"), False, response.headers)
    if retry.is_transient(status):
        raise _Transient(EspUncertain(f"{what}: {status}, state unknown"), True, response.headers)
    raise EspRejected(f"{what}: {status}, refused", status)
