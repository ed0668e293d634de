"""Each order's story: what every room said of it, for its customer and for staff."""
