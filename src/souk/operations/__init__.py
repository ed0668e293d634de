"""The queues of all services, for staff: how many messages they hold, and their dead letters."""
