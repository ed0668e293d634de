"""Imports products from a CSV or JSON lines file into the catalog, through the staff API."""

from cli.importing.errors import ImportFailed
from cli.importing.report import Summary, report_path
from cli.importing.run import ImportPlan, import_products, plan_import

__all__ = [
    "ImportFailed",
    "ImportPlan",
    "Summary",
    "import_products",
    "plan_import",
    "report_path",
]
