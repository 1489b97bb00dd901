"""The output file, the files beside it, and what a crawl knows from them."""
