"""The shop: one package per room, and the kernel they share."""
