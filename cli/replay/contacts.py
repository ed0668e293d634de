"""Invented people for the invoices of a day file, which names none."""

import re
from typing import Final

ELSEWHERE: Final = "GB"
COUNTRIES: Final = {
    "Australia": "AU",
    "Austria": "AT",
    "Bahrain": "BH",
    "Belgium": "BE",
    "Bermuda": "BM",
    "Brazil": "BR",
    "Canada": "CA",
    "Channel Islands": "JE",
    "Cyprus": "CY",
    "Czech Republic": "CZ",
    "Denmark": "DK",
    "EIRE": "IE",
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Greece": "GR",
    "Hong Kong": "HK",
    "Iceland": "IS",
    "Ireland": "IE",
    "Israel": "IL",
    "Italy": "IT",
    "Japan": "JP",
    "Korea": "KR",
    "Lebanon": "LB",
    "Lithuania": "LT",
    "Malta": "MT",
    "Netherlands": "NL",
    "Nigeria": "NG",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "RSA": "ZA",
    "Saudi Arabia": "SA",
    "Singapore": "SG",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "Thailand": "TH",
    "USA": "US",
    "United Arab Emirates": "AE",
    "United Kingdom": "GB",
}


def contact_of(invoice: str, country: str) -> dict[str, object]:
    """Always the same person for the same invoice; an unknown country (the files have
    `Unspecified` and `European Community`) is taken as the shop's own."""
    tag = re.sub(r"[^a-z0-9]+", "-", invoice.lower())
    return {
        "name": f"Customer of invoice {invoice}",
        "email": f"invoice-{tag}@example.com",
        "address": {
            "line1": "1 Market Street",
            "city": "Exampleton",
            "country": COUNTRIES.get(country, ELSEWHERE),
        },
    }
