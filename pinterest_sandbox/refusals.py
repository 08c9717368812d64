"""Every refusal that the sandbox can answer, with Pinterest's status and code, in one place.

Source: Pinterest OpenAPI 5.23.0, examples of error bodies (read 2026-11-22). Which of them the customer-list and
audience calls really answer is not documented there (only `default`); docs/sandbox.md marks what is our reading.
"""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of the program
    """A request that is answered with an error body.

    Args:
        status: HTTP status.
        code: Pinterest's own code.
        message: Pinterest's message.
        headers: sent beside the usual ones.
    """

    def __init__(self, status: int, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def body(self) -> dict[str, object]:
        """The error body."""
        return {"code": self.code, "message": self.message}


class MethodNotAllowed(Refusal):
    """405, whose documented body is wider than the others'."""

    def __init__(self, method: str, path: str, allowed: list[str]) -> None:
        super().__init__(405, 5, "Method not allowed", {"allow": ", ".join(allowed)})
        self._endpoint = f"{method} {path}"

    def body(self) -> dict[str, object]:
        """The error body with `status`, `data` and `endpoint_name`."""
        return {**super().body(), "status": "failure", "data": None, "endpoint_name": self._endpoint}


def invalid(message: str) -> Refusal:
    """What the contract refuses."""
    return Refusal(400, 1, message)


def authentication_failed() -> Refusal:
    """No token, or one that is unknown, expired or revoked; a wrong client, code or refresh token."""
    return Refusal(401, 2, "Authentication failed.")


def scope_missing() -> Refusal:
    """A valid token without the scope that the call asks for."""
    return Refusal(
        401,
        3,
        "Your token does not have sufficient permissions to perform this operation. "
        "Please ensure your token is authorized with the correct set of scopes.",
    )


def not_permitted() -> Refusal:
    """The user has no role, or not a sufficient one, where the request points to."""
    return Refusal(403, 29, "You are not permitted to access that resource.")


def not_found(what: str) -> Refusal:
    """There is no such thing."""
    return Refusal(404, 50, f"{what} not found.")


def user_not_found() -> Refusal:
    """There is no such business."""
    return Refusal(404, 30, "User not found.")


def no_such_endpoint() -> Refusal:
    """The path is none of those that the sandbox speaks."""
    return Refusal(404, 404, "The requested endpoint does not exist in this sandbox.")


def rate_limited(headers: dict[str, str] | None = None) -> Refusal:
    """The quota is spent, or one object is written to too often."""
    return Refusal(
        429,
        8,
        "This request exceeded a rate limit. This can happen if the client exceeds one of the published rate limits "
        "or if multiple write operations are applied to an object within a short time window.",
        headers,
    )


def too_large(limit: int) -> Refusal:
    """More identifiers than a plan of faults allows. Pinterest publishes no limit and no answer for it."""
    return Refusal(413, 413, f"Request body is too large: at most {limit} records are accepted in one request.")


def too_many(limit: int) -> Refusal:
    """The same, as its API might refuse it rather than what stands in front of that."""
    return invalid(f"Invalid request: 'records' exceeds the maximum of {limit} records")
