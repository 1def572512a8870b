"""WhatsApp by Meta's Cloud API (CHANNEL-2)."""
