"""One structured log per function; every line carries the correlation id of its journey."""

from __future__ import annotations

from aws_lambda_powertools import Logger

logger = Logger()  # service name and level come from POWERTOOLS_* variables, set by the platform
