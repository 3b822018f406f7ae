"""Pages and API over HTTP: views parse, call one service, answer."""
