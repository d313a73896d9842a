"""Bodies of requests: JSON of a known shape, no longer than it may be."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from streams.scp.refusals import RefusedError

MAX_BYTES: Final = 64 * 1024

Body = TypeVar("Body", bound=BaseModel)


async def read_bytes(request: Request, most: int = MAX_BYTES) -> bytes:
    """Return a body of JSON.

    Raises:
        RefusedError: It is longer than ``most`` bytes, or says that it is something else.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    # Forms of other sites can send the types of forms, not this one.
    if kind != "application/json":
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body must be application/json")
    content = b""
    try:
        async for part in request.stream():
            content += part
            if len(content) > most:
                reason = f"the body is longer than {most} bytes"
                raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason)
    except ClientDisconnect:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the request was broken off") from None
    return content


async def read(request: Request, model: type[Body]) -> Body:
    """Return a body of this shape.

    Raises:
        RefusedError: It is of another; the message names the field.
    """
    content = await read_bytes(request)
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise RefusedError(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"{where}: {fault['msg']}" if where else fault["msg"]
        ) from None


def told(*models: type[BaseModel]) -> dict[str, Any]:
    """Return what the API's description says of a body: JSON of one of these shapes where any is needed."""
    shapes = [model.model_json_schema() for model in models]
    schema = {"anyOf": shapes} if len(shapes) > 1 else shapes[0] if shapes else {}
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"content": content, "required": len(shapes) <= 1}}
