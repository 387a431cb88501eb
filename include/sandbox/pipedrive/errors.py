"""Refusals of the Pipedrive sandbox, as they appear on the wire."""

from __future__ import annotations

from typing import Any

from include.sandbox.pipedrive.options import Options

SCHEMA_CODE = "ERR_SCHEMA_VALIDATION_FAILED"
BAD_REQUEST = "ERR_BAD_REQUEST"


class ApiError(Exception):
    """An answer that is not a success: status, text, optional machine code, extra headers."""

    def __init__(
        self,
        status: int,
        error: str,
        *,
        code: str | None = None,
        info: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.code = code
        self.info = info
        self.headers = headers or {}

    def body(self) -> Any:
        """The general error body of Pipedrive's documentation ("HTTP status codes and responses")."""
        out: dict[str, Any] = {"success": False, "error": self.error, "error_info": self.info}
        if self.code:
            out["code"] = self.code
        return out | {"data": None, "additional_data": None}


class Unauthorized(ApiError):
    """401 by the gateway, as a third party recorded it from the live service."""

    def __init__(self) -> None:
        super().__init__(401, "unauthorized access", headers={"x-401-by-gw": "true", "x-correlation-id": "sandbox"})

    def body(self) -> Any:
        return {
            "success": False,
            "error": self.error,
            "errorCode": 401,
            "error_info": "Please check developers.pipedrive.com",
        }


class TooManyRequests(ApiError):
    """429 in the shape of the fixture that Airbyte's Pipedrive connector tests with."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(429, "request over limit", headers=headers)

    def body(self) -> Any:
        return {"success": False, "error": self.error, "errorCode": 429, "data": None, "additional_data": None}


class Blocked(ApiError):
    """403 with an HTML page: what Cloudflare answers for Pipedrive when 429 was ignored."""

    def __init__(self) -> None:
        super().__init__(403, "blocked", headers={"server": "cloudflare", "Content-Type": "text/html; charset=UTF-8"})

    def body(self) -> Any:
        return (
            "<!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Error 1015</h1>"
            "<p>You are being rate limited. This error is produced by Cloudflare.</p></body></html>"
        )


class OAuthError(ApiError):
    """An error of the token endpoint, shaped as in RFC 6749, section 5.2."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(status, error, headers={"WWW-Authenticate": "Basic"} if status == 401 else None)
        self.description = description

    def body(self) -> Any:
        return {"error": self.error, "error_description": self.description}


def invalid(text: str) -> ApiError:
    """A refusal by v2's schema validation."""
    return ApiError(400, f"Validation failed: {text}", code=SCHEMA_CODE)


def refused(text: str) -> ApiError:
    """A refusal of what a body holds, as Whalesync saw it in production and n8n's users report it."""
    return ApiError(400, text, code=BAD_REQUEST)


def deleted(kind: str, status: str) -> ApiError:
    """Of an item that is deleted. 400 as of deals, seen by Whalesync in production; the others are guesses of
    projects that look for them."""
    match status:
        case "400":
            text = "Entity is deleted. You must first restore it before you can edit"
            return ApiError(400, text, code=f"ERR_{kind.upper()}_DELETED")
        case "403":
            return ApiError(403, f"{kind.capitalize()} is deleted", code="ERR_FORBIDDEN")
        case "410":
            return ApiError(410, f"{kind.capitalize()} is gone")
    return not_found(kind.capitalize())


def not_found(what: str) -> ApiError:
    return ApiError(404, f"{what} not found")


def hidden(kind: str, options: Options) -> ApiError:
    """Of an item that the caller may not see. Pipedrive changelog, "Introducing pipeline visibility" (2023): 403 for a
    deal. Of other kinds nothing is said.
    """
    if kind == "deal" or options.get_hidden == "403":
        return ApiError(403, f"You do not have permission to view this {kind}.")
    return not_found(kind.capitalize())
