"""HTTP/1.1 over asyncio and httptools: a server, its connections, their requests, and TLS."""
