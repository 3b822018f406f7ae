"""Reports for officers, courts and auditors: written as CSV, XLSX and PDF, bundled, signed, and checked offline."""
