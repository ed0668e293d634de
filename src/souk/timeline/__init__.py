"""The timeline of each order: the events of all services about it, for its customer and staff."""
