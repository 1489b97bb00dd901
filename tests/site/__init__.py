"""A WordPress site to test against: posts with known truth, the pages that show them, and a server of those pages."""

from .model import Author, Post, Section, Site, Tag
from .posts import make_posts

__all__ = ["Author", "Post", "Section", "Site", "Tag", "make_posts"]
