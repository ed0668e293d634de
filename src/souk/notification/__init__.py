"""What the shop writes: mails to customers, and word to its staff."""
