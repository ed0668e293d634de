"""Checks the guarantees G1 to G4 over everything in a shop, at home or in AWS, at any time."""

from cli.audit.report import Report
from cli.audit.shop import AwsShop, ShopReader
from cli.audit.table import render
from cli.audit.walk import audit

__all__ = ["AwsShop", "Report", "ShopReader", "audit", "render"]
