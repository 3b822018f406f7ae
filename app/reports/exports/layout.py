"""What lies in a bundle, under which names? Shared by those who write it and those who check it."""

FORMAT = 1
MANIFEST, SIGNATURE, READ_ME = "manifest.json", "signature.json", "READ-ME.txt"
WORKBOOK, PDF = "report.xlsx", "report.pdf"
ADVICE = "This is not legal advice."


def csv_name(table: str) -> str:
    """Return the name of a table's CSV."""
    return f"report-{table}.csv"


def hashes_name(table: str) -> str:
    """Return the name of the file with the beginnings of the hashes of a table's rows."""
    return f"report-{table}.rows.txt"
