"""The shop: one package per service, and the kernel they share."""
