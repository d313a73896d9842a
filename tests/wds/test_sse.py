"""Messages as events, read back as a browser reads them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from streams.wds.framing import text_frame
from streams.wds.sse import event, texts

payloads = st.one_of(
    st.text(max_size=70_000 // 4).map(lambda text: json.dumps(text, ensure_ascii=False).encode()),
    st.integers(120, 70_000).map(lambda size: b"x" * size),
)


@given(st.lists(payloads, max_size=5))
def test_the_payloads_of_frames_are_what_went_in(sent: list[bytes]) -> None:
    assert list(texts(b"".join(map(text_frame, sent)))) == sent


@given(
    value=st.recursive(st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)),
    line_end=st.sampled_from([b"\n", b"\r", b"\r\n", b" "]),
)
def test_an_event_holds_the_message_whatever_line_ends_stand_in_it(value: object, line_end: bytes) -> None:
    payload = json.dumps(value, indent=1).encode().replace(b"\n", line_end)
    number, *data, end = event(payload, 7).decode().removesuffix("\n").split("\n")
    assert (number, end) == ("id: 7", "")
    assert all(line.startswith("data: ") for line in data)
    assert json.loads("\n".join(line.removeprefix("data: ") for line in data)) == value
