"""The output for people who work with it: a DataFrame, tables, a report."""
