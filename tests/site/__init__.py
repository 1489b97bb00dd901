"""A WordPress site to test against: posts with known truth, the pages that show them, and a server of those pages."""

from .config import ALL_AMP_PARTS, IFP_AMP_PARTS, Config
from .model import Author, Post, Section, Site, Tag
from .pieces import Picture, Piece
from .posts import make_posts
from .record import record
from .server import SiteServer, serve

__all__ = [
    "ALL_AMP_PARTS",
    "IFP_AMP_PARTS",
    "Author",
    "Config",
    "Picture",
    "Piece",
    "Post",
    "Section",
    "Site",
    "SiteServer",
    "Tag",
    "make_posts",
    "record",
    "serve",
]
