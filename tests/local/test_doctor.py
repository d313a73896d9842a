import socket

from streams.local.doctor import Check, examine
from streams.settings import Settings


def named(checks: list[Check], name: str) -> Check:
    return next(check for check in checks if check.name == name)


async def test_java_runs() -> None:
    assert named(await examine(Settings()), "Java").ok


async def test_servers_that_nobody_named_are_not_asked() -> None:
    assert not {"KAFKA_BOOTSTRAP", "MDC_REDIS_URL"} & {check.name for check in await examine(Settings())}


async def test_taken_port_has_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        check = named(await examine(Settings(wds_port=port)), f"port {port}")
    assert not check.ok
    assert check.remedy


async def test_password_of_an_unreachable_redis_is_not_shown(unused_port: int) -> None:
    url = f"redis://:hunter2@127.0.0.1:{unused_port}/0"
    check = named(await examine(Settings.model_validate({"mdc_redis_url": url})), "MDC_REDIS_URL")
    assert not check.ok
    assert "hunter2" not in str(check)


async def test_broker_without_the_topics_says_how_to_create_them(kafka_bootstrap: str) -> None:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, kafka_topic_prefix="doctor.")
    check = named(await examine(settings), "KAFKA_BOOTSTRAP")
    assert not check.ok
    assert check.remedy == "streams topics create"
