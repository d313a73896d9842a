"""A real OpenID Connect provider as a process: one user's claims are on its UserInfo endpoint alone."""

from __future__ import annotations

import runpy

from oidc_provider_mock import _app  # type: ignore[import-untyped]  # it has no annotations

THIN = "u3"
everything = _app.OpenIDCode.generate_user_info


def in_the_token(code: _app.OpenIDCode, user: _app.User, scope: str) -> dict[str, object]:
    return {"sub": THIN} if user.sub == THIN else everything(code, user, scope)


_app.OpenIDCode.generate_user_info = in_the_token
runpy.run_module("oidc_provider_mock", run_name="__main__")
