"""One HTTP session with a provider: time-outs, bounded retries, announced limits kept, errors of our own."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests

from reveil.esp import retry
from reveil.esp.base import EspDenied, EspError, EspRejected, EspUnavailable, EspUncertain


class HttpSession:
    """Sends requests to one provider.

    `repeatable` calls (reads, and writes that end in the same state when done twice) are retried after
    every transient failure. Others are retried only when the provider surely did nothing; else the caller
    gets EspUncertain and must look.

    A provider that announces its limits is not called beyond them: where an answer says that nothing is left, the next
    call of that endpoint waits for the reset. Waits above a minute are not sat out: EspUnavailable, nothing done.
    """

    def __init__(
        self,
        url: str,
        auth: tuple[str, str] | None,
        timeout_seconds: float,
        attempts: int,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout_seconds
        self._attempts = attempts
        self._sleep = sleep
        self._rng = rng or random.Random()  # noqa: S311 - jitter needs no cryptography
        self._clock = clock  # seconds since 1970
        self._closed_until: dict[str, float] = {}
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment must not see the audience
        if auth is not None:
            self._session.auth = auth

    def call(self, method: str, path: str, *, repeatable: bool, **options: Any) -> requests.Response:
        """The provider's answer below 400. Raises EspDenied, EspRejected, EspUnavailable, EspUncertain."""
        for attempt in range(1, self._attempts + 1):
            self._keep_the_limit(method, path)
            try:
                return self._once(method, path, repeatable, **options)
            except _Transient as failure:
                if attempt == self._attempts or (failure.is_ambiguous and not repeatable):
                    raise failure.error from None
                wait = retry.delay(attempt, failure.headers, self._now(), self._rng)
                if wait > retry.LONGEST_SECONDS:
                    raise failure.error from None
                self._sleep(wait)
        raise AssertionError("unreachable: the loop returns or raises")

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _keep_the_limit(self, method: str, path: str) -> None:
        """Wait until the endpoint may be called again; EspUnavailable when that is long."""
        wait = self._closed_until.get(_endpoint(method, path), 0.0) - self._clock()
        if wait > retry.LONGEST_SECONDS:
            raise EspUnavailable(
                f"{method} {self._url}{path}: the provider allows no further call for {wait:.0f} s; run it again then"
            )
        if wait > 0:
            self._sleep(wait)

    def _note_the_limit(self, method: str, path: str, response: requests.Response) -> None:
        wait = retry.used_up(response.headers, self._now())
        if wait > 0:
            self._closed_until[_endpoint(method, path)] = self._clock() + wait

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
        self._note_the_limit(method, path, response)
        return _judge(what, response)


def _endpoint(method: str, path: str) -> str:
    """What providers count calls by: the path without its ids."""
    return f"{method} {re.sub(r'/[0-9]+(?=/|$)', '/#', path)}"


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
