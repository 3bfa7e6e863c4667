"""The shared contract of station and server, and both ends of the wire."""
