"""The output file, and the files beside it."""
