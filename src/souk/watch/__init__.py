"""What waits in the shop's queues right now, for those who look after it."""
