"""Vocabulary of the generator: names and lines as statements use them, none taken from one company."""

from __future__ import annotations

from random import Random

_FIRST = (
    "Harlow", "Brackwater", "Tessaly", "Northmere", "Quillon", "Verdane", "Ashcombe", "Larkspur", "Ostrander",
    "Pemberlyn", "Cobalt Ridge", "Silverleaf", "Thornbury", "Marrowstone", "Eastvale", "Kestrel", "Dunmore",
    "Fairholt", "Granite Bay", "Juniper Hill", "Lindqvist", "Maravilla", "Norwick", "Palisander", "Redfern",
    "Saltmarsh",
)  # fmt: skip
_SECOND = (
    "Instruments", "Foods", "Semiconductor", "Energy Partners", "Bancorp", "Pharmaceuticals", "Freight", "Paper",
    "Medical", "Steel", "Retail Group", "Water Utilities", "Software", "Optics", "Chemical", "Home Products",
    "Logistics", "Textiles", "Media", "Aerospace",
)  # fmt: skip
_LAST = (
    ", Inc.",
    " Corporation",
    " Company",
    " Holdings, Inc.",
    " Ltd.",
    " International, Inc.",
    " Co., Inc.",
    " Corp.",
)

REVENUE = (
    "Product", "Service", "Licenses", "Subscriptions", "Maintenance and support", "Rental", "Royalties",
    "Advertising", "Franchise fees", "Equipment sales", "Hardware", "Contract research", "Freight and handling",
    "Wholesale", "Retail stores",
)  # fmt: skip
OPERATING = (
    "Research and development", "Sales and marketing", "General and administrative",
    "Selling, general and administrative", "Amortization of intangible assets", "Restructuring and other charges",
    "Depreciation", "Pre-opening costs", "Impairment of long-lived assets", "Provision for doubtful accounts",
    "Product development", "Acquisition-related costs, including integration of businesses acquired in prior years",
    "Loss on disposal of assets",
)  # fmt: skip
OTHER = (
    "Interest income", "Interest expense", "Other income (expense), net", "Foreign exchange gain (loss)",
    "Equity in earnings of unconsolidated affiliates", "Gain (loss) on sale of investments",
    "Loss on early extinguishment of debt", "Change in fair value of warrant liability",
)  # fmt: skip
CURRENT_ASSETS = (
    "Marketable securities", "Short-term investments", "Accounts receivable, net",
    "Trade receivables, less allowances of", "Inventories", "Inventory, net", "Prepaid expenses",
    "Deferred income taxes", "Income taxes receivable", "Prepaid expenses and other current assets",
    "Restricted cash", "Assets held for sale", "Other current assets", "Unbilled receivables", "Contract assets",
)  # fmt: skip
FIXED_ASSETS = (
    "Property, plant and equipment, net", "Operating lease right-of-use assets", "Goodwill", "Intangible assets, net",
    "Long-term investments", "Deferred income taxes", "Other assets", "Investments in affiliates",
    "Land held for development", "Deferred financing costs, net of accumulated amortization",
    "Capitalized software, net", "Notes receivable",
)  # fmt: skip
CURRENT_DEBTS = (
    "Accounts payable", "Accrued expenses", "Accrued compensation and benefits", "Deferred revenue",
    "Current portion of deferred revenue", "Current portion of long-term debt", "Income taxes payable",
    "Short-term borrowings", "Accrued interest", "Dividends payable",
    "Current portion of operating lease liabilities", "Customer deposits",
    "Accrued expenses and other current liabilities",
)  # fmt: skip
LONG_DEBTS = (
    "Long-term debt, less current portion", "Deferred revenue", "Deferred income taxes",
    "Operating lease liabilities", "Pension and other postretirement benefit obligations",
    "Asset retirement obligations", "Other long-term liabilities",
    "Convertible senior notes, net of unamortized discount", "Long-term portion of obligations under capital leases",
)  # fmt: skip
NONCASH = (
    "Depreciation and amortization", "Depreciation and amortization of property and equipment",
    "Stock-based compensation", "Amortization of intangible assets", "Deferred income taxes",
    "Loss on disposal of property and equipment", "Provision for doubtful accounts", "Impairment of goodwill",
    "Amortization of debt issuance costs", "Equity in earnings of affiliates, net of distributions received",
    "Write-down of inventory", "Gain on sale of business",
)  # fmt: skip
WORKING = (
    "Accounts receivable", "Inventories", "Prepaid expenses and other assets", "Accounts payable", "Accrued expenses",
    "Deferred revenue", "Income taxes payable", "Other operating assets and liabilities", "Accrued compensation",
)  # fmt: skip
INVESTING = (
    "Purchases of property and equipment", "Capital expenditures", "Purchases of marketable securities",
    "Proceeds from sales and maturities of marketable securities", "Acquisitions of businesses, net of cash acquired",
    "Proceeds from sale of property and equipment", "Purchase of intangible assets",
    "Decrease (increase) in restricted cash",
)  # fmt: skip
FINANCING = (
    "Proceeds from issuance of long-term debt", "Repayments of long-term debt",
    "Proceeds from exercise of stock options", "Repurchases of common stock", "Dividends paid",
    "Principal payments of capital lease obligations",
    "Payment of tax withholding obligations related to net share settlements of restricted stock awards",
    "Proceeds from sale of common stock in connection with employee stock purchase plan",
    "Payments of debt issuance costs",
)  # fmt: skip
INCOMING = ("Proceeds", "Decrease", "Sale")
OCI = (
    "Foreign currency translation adjustments", "Unrealized gain (loss) on available-for-sale securities, net of tax",
    "Pension and postretirement benefit adjustments", "Change in fair value of cash flow hedges",
    "Reclassification adjustment for losses included in net income",
)  # fmt: skip
SEGMENTS = (
    "North America", "Europe", "Asia Pacific", "Latin America", "Industrial", "Consumer", "Health Care", "Government",
    "Distribution", "Oral Care", "Networks", "Specialty Products", "Corporate and other", "Middle East and Africa",
)  # fmt: skip
PEOPLE = (
    "Adelina Marsh", "Bertram Oyelaran", "Catherine Voss", "Dmitri Halloran", "Eleanor Quist", "Fergus Nakamura",
    "Greta Lindholm", "Howard Castellan", "Imogen Farrow", "Jasper Whitlock", "Katya Brandvold", "Leopold Arroyo",
)  # fmt: skip


def company(rng: Random) -> str:
    """An invented registrant's name."""
    name = f"{rng.choice(_FIRST)} {rng.choice(_SECOND)}{rng.choice(_LAST)}"
    return name.upper() if rng.random() < 0.5 else name


def some(rng: Random, words: tuple[str, ...], least: int, most: int) -> list[str]:
    """A few different words, in the order of the list, as statements keep a customary order."""
    chosen = rng.sample(range(len(words)), min(len(words), rng.randint(least, most)))
    return [words[i] for i in sorted(chosen)]
