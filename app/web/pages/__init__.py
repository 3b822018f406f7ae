"""The pages that are not the call page: one module per page, each a factory of its blueprint."""
