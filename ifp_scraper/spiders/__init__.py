"""The spider and its helpers."""
