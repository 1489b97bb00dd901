"""Recordings of the site (WARC and WACZ files): read in place of the site, or written during a crawl."""
