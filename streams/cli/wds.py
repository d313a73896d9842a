"""``streams wds``: the widget data service, and the keys of its clients."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streams.cli import wds_token

Names = Annotated[str, typer.Argument(help="Whose key it is.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(invoke_without_command=True)
    group.callback(
        help="Serve the widget feeds to WebSocket clients; streams wds keys manages their keys.",
        epilog="Example: AUTH_API_KEY=… streams wds --ssl-certfile cert.pem --ssl-keyfile key.pem\n\n"
        "Example: AUTH_API_KEY=… streams wds --workers 2",
    )(wds)
    keys = typer.Typer(
        no_args_is_help=True,
        help="Keys of clients in WDS_KEYS_FILE, hashed; a running WDS sees changes within a second.",
    )
    keys.command(
        "add",
        help="Make a key and show it, this once.",
        epilog="Example: WDS_KEYS_FILE=keys.json streams wds keys add office --feed 'scanners:*'",
    )(add)
    keys.command("list", help="List the keys.", epilog="Example: streams wds keys list")(list_)
    keys.command(
        "remove",
        help="Remove a key; clients that use it are sent away.",
        epilog="Example: streams wds keys remove office",
    )(remove)
    group.add_typer(keys, name="keys")
    group.command(
        "asyncapi",
        help="Print the WebSocket's protocol as an AsyncAPI document; a running WDS serves it at /asyncapi.",
        epilog="Example: streams wds asyncapi > asyncapi.json",
    )(asyncapi)
    group.command("token", help="Make a short-lived token for a page.", epilog=wds_token.EPILOG)(
        wds_token.token
    )
    app.add_typer(group, name="wds")


def wds(
    context: typer.Context,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Processes that share the port; limits of clients are each one's."),
    ] = None,
    ssl_certfile: Annotated[Path | None, typer.Option(help="Certificate chain (PEM): serve TLS.")] = None,
    ssl_keyfile: Annotated[Path | None, typer.Option(help="The certificate's key (PEM).")] = None,
) -> None:
    """Run the WDS with the environment's settings, until Ctrl-C or SIGTERM."""
    if context.invoked_subcommand is not None:
        return
    from streams import settings
    from streams.cli.tasks import new_uvloop, run_until_stopped
    from streams.telemetry import configure_logging

    loaded = settings.load()
    given = {"wds_workers": workers, "wds_ssl_certfile": ssl_certfile, "wds_ssl_keyfile": ssl_keyfile}
    loaded = loaded.model_copy(update={name: value for name, value in given.items() if value is not None})
    configure_logging(loaded.log_level, loaded.log_format)
    if loaded.wds_workers > 1:
        from streams.platform import wds_workers

        run_until_stopped(lambda stop: wds_workers.run(loaded, stop))
        return
    from streams.wds import service

    run_until_stopped(lambda stop: service.run(loaded, stop), new_loop=new_uvloop)


def asyncapi() -> None:
    """Print the document."""
    import json

    from streams import settings
    from streams.wds.asyncapi import document

    loaded = settings.load()
    scheme = "ws" if loaded.wds_ssl_certfile is None else "wss"
    typer.echo(json.dumps(document(f"localhost:{loaded.wds_port}", scheme), indent=2))


def add(
    name: Names,
    feed: Annotated[
        list[str] | None, typer.Option(help="A feed it may read, or a glob; all without.")
    ] = None,
    max_clients: Annotated[int | None, typer.Option(min=1, help="Most clients at a time.")] = None,
    max_subscriptions: Annotated[int | None, typer.Option(min=1, help="Most of a client.")] = None,
) -> None:
    """Make a key: stdout has it alone."""
    from streams.errors import BadInputError
    from streams.wds import keys

    path = _path()
    entries = keys.read(path)
    if any(entry.name == name for entry in entries):
        raise BadInputError(f"there is a key named {name} already: streams wds keys remove {name}")
    key, entry = keys.make(name, tuple(feed or ()), max_clients, max_subscriptions)
    keys.write(path, [*entries, entry])
    typer.echo(f"the key of {name}, which is kept nowhere:", err=True)
    typer.echo(key)


def list_() -> None:
    """Show whose keys there are and what they may do."""
    from streams.wds import keys

    for entry in keys.read(_path()):
        limits = f"clients={entry.max_clients or '-'}  subscriptions={entry.max_subscriptions or '-'}"
        typer.echo(f"{entry.name:20} {entry.key_id}  {entry.created}  {limits}  {' '.join(entry.feeds)}")


def remove(name: Names) -> None:
    """Remove a key."""
    from streams.errors import BadInputError
    from streams.wds import keys

    path = _path()
    entries = keys.read(path)
    kept = [entry for entry in entries if entry.name != name]
    if len(kept) == len(entries):
        raise BadInputError(f"there is no key named {name}: streams wds keys list")
    keys.write(path, kept)
    typer.echo(f"removed {name}")


def _path() -> Path:
    from streams import settings
    from streams.errors import SettingsError

    path = settings.load().wds_keys_file
    if path is None:
        raise SettingsError("set WDS_KEYS_FILE to the file of keys")
    return path
