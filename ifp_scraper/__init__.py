"""Iran Front Page (ifpnews.com) as data."""
