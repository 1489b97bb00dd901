"""Crawls of a real WordPress, as Debian packages it; skipped where it is not installed.

    apt-get install --no-install-recommends wordpress wordpress-theme-twentytwentyone php-cli php-mysql php-xml \\
        php-mbstring mariadb-server
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any
from urllib.request import urlopen

import pytest

from tests.crawling import EIGHT_AT_ONCE, crawl, lines, scrapy

PACKAGED = Path("/usr/share/wordpress")
SERVERS = "php", "mariadbd", "mariadb-install-db"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PACKAGED.exists() or not all(map(shutil.which, SERVERS)), reason="WordPress is not installed"
    ),
]

CONFIG = """<?php
define('DB_NAME', 'wp'); define('DB_USER', 'wp'); define('DB_PASSWORD', 'wp'); define('DB_HOST', 'localhost:SOCKET');
define('DB_CHARSET', 'utf8mb4'); define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true);
define('WP_HOME', 'ROOT'); define('WP_SITEURL', 'ROOT'); $table_prefix = 'wp_';
define('ABSPATH', __DIR__ . '/'); require_once ABSPATH . 'wp-settings.php';
"""

ROUTER = """<?php
$file = __DIR__ . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (is_file($file)) return false;
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
require __DIR__ . '/index.php';
"""

INSTALL = """
define('WP_INSTALLING', true); require 'wp-load.php'; require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('News', 'editor', 'editor@example.org', true, '', 'password');
update_option('permalink_structure', '/%postname%/'); update_option('timezone_string', 'Asia/Tehran');
switch_theme('twentytwentyone'); flush_rewrite_rules(); wp_delete_post(1, true);
"""

POSTS = """
for ($n = 1; $n <= 45; $n++) wp_insert_post(['post_title' => "Story $n", 'post_status' => 'publish',
  'post_date' => date('Y-m-d H:i:s', 1700000000 + $n * 50000), 'post_content' =>
  "<!-- wp:paragraph -->\n<p>First of $n: \\"quoted\\".</p>\n<!-- /wp:paragraph -->\n" .
  "<!-- wp:list -->\n<ul><li>One</li><li>Two</li></ul>\n<!-- /wp:list -->"]);
"""

CLOSED = {"rest": "rest_authentication_errors", "sitemap": "wp_sitemaps_enabled"}
"""Filters of WordPress by which a site closes a list."""


@dataclass
class WordPress:
    """A site that runs."""

    folder: Path
    url: str

    def php(self, code: str) -> str:
        """Run PHP inside WordPress; return what it prints."""
        code = f"<?php $_SERVER['HTTP_HOST'] = ''; require_once 'wp-load.php'; {code}"
        done = subprocess.run(["php"], input=code, cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout

    def close(self, *lists: str) -> None:
        """Close these lists, and no others."""
        plugins = self.folder / "wp-content/mu-plugins"
        plugins.mkdir(exist_ok=True)
        answers = {"rest": "new WP_Error('no', 'no', ['status' => 401])", "sitemap": "false"}
        filters = "".join(f"add_filter('{CLOSED[name]}', fn() => {answers[name]});" for name in lists)
        (plugins / "closed.php").write_text(f"<?php {filters}")

    def published(self) -> dict[int, dict[str, Any]]:
        """What the database says of every article, by ID."""
        found = json.loads(
            self.php(
                """echo json_encode(array_map(fn($post) => ['id' => $post->ID, 'url' => get_permalink($post),
                'title' => $post->post_title, 'date' => $post->post_date_gmt,
                'is_edited' => str_contains($post->post_content, 'Added')],
                get_posts(['numberposts' => -1, 'has_password' => false])));"""
            )
        )
        return {post["id"]: post for post in found}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def until(condition: Any) -> None:
    """Wait for a server to start."""
    end = monotonic() + 60
    while monotonic() < end:
        with suppress(OSError, subprocess.CalledProcessError):
            condition()
            return
        sleep(0.1)
    raise TimeoutError


@pytest.fixture(scope="module")
def wordpress() -> Iterator[WordPress]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        shutil.copytree(PACKAGED, folder / "site", ignore_dangling_symlinks=True)
        data, door, url = folder / "data", folder / "socket", f"http://127.0.0.1:{free_port()}"
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

        def start(*command: str | Path) -> None:
            environment = {**os.environ, "PHP_CLI_SERVER_WORKERS": "4"}
            process = subprocess.Popen(command, env=environment, start_new_session=True, **quiet)
            stack.callback(process.wait)
            stack.callback(os.killpg, process.pid, signal.SIGTERM)

        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root"], check=True, **quiet
        )
        options = [f"--datadir={data}", f"--socket={door}", f"--pid-file={folder / 'pid'}", "--user=root"]
        start("mariadbd", "--no-defaults", "--skip-networking", *options)
        grant = "CREATE DATABASE wp; GRANT ALL ON wp.* TO wp@localhost IDENTIFIED BY 'wp';"
        until(lambda: subprocess.run(["mariadb", f"--socket={door}", "-e", grant], check=True, **quiet))
        site = WordPress(folder / "site", url)
        (site.folder / "wp-config.php").unlink(missing_ok=True)
        (site.folder / "wp-config.php").write_text(CONFIG.replace("SOCKET", str(door)).replace("ROOT", url))
        (site.folder / "router.php").write_text(ROUTER)
        subprocess.run(["php"], input=f"<?php {INSTALL}", cwd=site.folder, text=True, check=True, **quiet)
        site.php(POSTS)
        start("php", "-S", url.partition("//")[2], "-t", site.folder, site.folder / "router.php")
        until(lambda: urlopen(url).read())
        yield site


@pytest.mark.parametrize("closed", [(), ("rest",), ("rest", "sitemap")], ids=" and ".join)
def test_what_an_editor_does_is_found(wordpress: WordPress, closed: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    wordpress.close(*closed)
    assert crawl(wordpress.url, out, *EIGHT_AT_ONCE).status == 0
    first = lines(out)
    assert {line["id"] for line in first} == wordpress.published().keys()
    story = next(line for line in first if line["headline"] == "Story 2")
    assert [block["text"] for block in story["blocks"]] == ["First of 2: “quoted”.", "One", "Two"]
    edited, renamed, dated, hidden, *withdrawn = [line["id"] for line in first[10:40:5]]
    wordpress.php(
        f"""$content = get_post({edited})->post_content . '<p>Added</p>';
        wp_update_post(['ID' => {edited}, 'post_content' => $content]);
        wp_update_post(['ID' => {renamed}, 'post_name' => 'renamed-{renamed}']);
        wp_update_post(['ID' => {dated}, 'post_date' => '2016-06-06 12:00:00', 'post_date_gmt' => '',
          'edit_date' => true]);
        wp_update_post(['ID' => {hidden}, 'post_password' => 'secret']);
        foreach ([{", ".join(map(str, withdrawn))}] as $id) wp_trash_post($id);
        foreach (['2015-05-05 12:00:00', current_time('mysql')] as $date) wp_insert_post(['post_title' => 'New',
          'post_content' => 'Of ' . $date, 'post_status' => 'publish', 'post_date' => $date]);"""
    )
    for _ in range(2):
        run = crawl(wordpress.url, out, *EIGHT_AT_ONCE)
        assert run.status == 0, run.err
    last = {line["id"]: line for line in lines(out)}
    for id, post in wordpress.published().items():
        assert last[id]["url"] == post["url"]
        assert last[id]["headline"] == post["title"]
        assert last[id]["published_at"] == post["date"].replace(" ", "T") + "Z"
        assert ("Added" in last[id]["body"]) is post["is_edited"]
    assert {id for id in last if id not in wordpress.published()} == {hidden, *withdrawn}
    assert scrapy("audit", out, "-s", f"IFP_SITE={wordpress.url}").status == 0
    assert {line["id"] for line in lines(out) if line["status"] == "gone"} == set(withdrawn)
