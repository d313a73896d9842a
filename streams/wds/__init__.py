"""The widget data service: snapshots and live updates of the feeds, over WebSocket."""
