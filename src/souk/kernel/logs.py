"""The structured log. Every line of a request or message carries its correlation id."""

from __future__ import annotations

from aws_lambda_powertools import Logger

logger = Logger()  # the platform sets service name and level by POWERTOOLS_* variables
