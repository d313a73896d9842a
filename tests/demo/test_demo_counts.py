from streams.demo.counts import Ledger, account


def test_every_event_is_processed_dropped_or_in_flight() -> None:
    ledger = Ledger()
    ledger.update("simulator", {"events_sent": 100})
    ledger.update(
        "Massive listener",
        {
            "events": {"T": 60, "A": 35},
            "unknown": {"bad_event": 1},
            "events_acknowledged": {"trades": 55, "aggregates": 30, "unknown": 1},
            "dropped": {"buffer_full": 3},
        },
    )
    ledger.update("scanner worker 1", {"events_processed": 15, "events_rejected": {"malformed": 2}})
    ledger.update("scanner worker 2", {"events_processed": 5})
    found = account(ledger)
    assert (found.events_in, found.events_received) == (100, 96)
    assert found.events_processed == 55 + 1 + 15 + 5
    assert found.dropped == {"listener.buffer_full": 3, "scanner.malformed": 2}
    assert found.in_flight == 100 - 76 - 5


def test_updates_that_were_lost_are_told_and_are_no_events() -> None:
    ledger = Ledger()
    ledger.update("simulator", {"events_sent": 1})
    ledger.update("scanner worker 1", {"dropped": {"too_many_keys": 4}, "events_processed": 1})
    ledger.update("WDS", {"dropped": {"payload_not_utf8": 2}, "cut_off": {"slow": 1}})
    found = account(ledger)
    assert found.dropped == {"emitter.too_many_keys": 4, "wds.payload_not_utf8": 2, "wds.slow": 1}
    assert (found.events_dropped, found.in_flight) == (0, 0)


def test_counts_go_on_when_a_process_is_started_again() -> None:
    ledger = Ledger()
    for count in (10, 40, 5, 7):
        ledger.update("scanner worker 1", {"events_processed": count})
    assert ledger.total("scanner worker", "events_processed") == 47
