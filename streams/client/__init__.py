"""Clients of the widget data service: `MarketClient` for programs, `WidgetClient` for the bare protocol."""

from streams.client.bare import WidgetClient
from streams.client.inbox import Update
from streams.client.market import MarketClient
from streams.client.refused import Refused
from streams.client.state import State
from streams.client.subscription import Subscription

__all__ = ["MarketClient", "Refused", "State", "Subscription", "Update", "WidgetClient"]
