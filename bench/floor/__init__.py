"""The floor: the least hand-written Python that makes the shop's AWS calls, deployed beside it."""
