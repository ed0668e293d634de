"""Invents contacts for the invoices of a day file, which contains no names or addresses."""

import re
from typing import Final

FALLBACK_COUNTRY: Final = "GB"
COUNTRY_CODES: Final = {
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


def invent_contact(invoice: str, country: str) -> dict[str, object]:
    """The contact in a checkout request; the same for the same invoice.

    Unknown countries (the files have `Unspecified` and `European Community`) become GB.
    """
    tag = re.sub(r"[^a-z0-9]+", "-", invoice.lower())
    return {
        "name": f"Customer of invoice {invoice}",
        "email": f"invoice-{tag}@example.com",
        "address": {
            "line1": "1 Market Street",
            "city": "Exampleton",
            "country": COUNTRY_CODES.get(country, FALLBACK_COUNTRY),
        },
    }
