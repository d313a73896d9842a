"""A stock scanner's back end: market data from the tape to the WebSocket widget."""
