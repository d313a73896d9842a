"""The market simulator: a synthetic or recorded market behind the vendor's WebSocket and REST protocols."""
