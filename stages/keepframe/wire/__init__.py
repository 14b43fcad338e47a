"""Messages, links and sessions, and the one socket shell; PROTOCOL.md is the contract. What a frame shows is nobody's business here."""
