"""A WordPress site to test against: posts with a known truth, the pages that show them, and a server for them.

site = Site(make_posts(200, seed=1))
with serve(site, sitemap="yoast", rest=404) as server:  # any field of Config
    crawl(server.url)
    compare(output, [post.expected() for post in site.open_posts()])
    site.edit(site.public()[0].id, headline="Corrected")  # the next crawl must see it
    server.fault("/feed/", 503, times=2, retry_after=1)
    server.alter(lambda target, response: page("", 404) if target == "/page/2/" else response)  # until heal()
"""

from .config import ALL_AMP_PARTS, IFP_AMP_PARTS, Config
from .model import Author, Post, Section, Site, Tag
from .pieces import Picture, Piece
from .posts import make_posts, publish
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
    "publish",
    "record",
    "serve",
]
