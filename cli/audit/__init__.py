"""Checks the guarantees G1 to G4 over all data of a local or deployed shop, while it runs."""

from cli.audit.report import AuditReport
from cli.audit.run import audit
from cli.audit.shop import AwsShop, ShopReader
from cli.audit.table import render

__all__ = ["AuditReport", "AwsShop", "ShopReader", "audit", "render"]
