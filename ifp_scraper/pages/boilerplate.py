"""Boilerplate: what themes and plugins add to the body that is not its text, by class (MARKUP.md 1, 4, 5 and 8)."""

from __future__ import annotations

import re
from functools import lru_cache

from ifp_scraper.pages.tree import MAX_CACHED
from ifp_scraper.text import words

SCREEN_READER_ONLY = words(
    "screen-reader-text assistive-text td-visual-hidden sr-only visually-hidden elementor-screen-only"
    " elementor-post-info__item-prefix"
)
"""Class names of screen-reader hints, hidden by external style sheets, and of "By" in any language."""

CAPTIONS = words(
    "caption-wrap soliloquy-caption envira-caption figc su-custom-gallery-title su-slider-slide-title bwg-title1"
    " wp-caption-text wp-caption-dd gallery-caption wp-element-caption tiled-gallery-caption"
)
"""Class names of captions, which belong to images."""

PLAYER_BOXES = words("wp-playlist epyt-facade lyMe perfmatters-lazy-youtube perfmatters-lazy-video rll-youtube-player")
"""Class names of boxes that hold players, or stand in for one with the video's title and image; also of track lists,
which the canonical page leaves to a script."""

RELATED_CLASSES = words("ctaText postTitle")
"""Class names of what the plugin Inline Related Posts prints inside a link, in any language: a label and a headline,
which its styles set apart."""

_OTHERS = words(
    # page numbers, next and previous, menus
    "ampforwp_post_pagination page-links page-link post-page-numbers pagination post-nav-links page-nav page-nav-post"
    " navigation post-navigation nav-links nav-previous nav-next td-post-next-prev more-link post-pagination-meta"
    " elementor-widget-post-navigation wp-block-post-navigation-link wp-block-query-pagination wp-block-navigation"
    " wp-block-home-link"
    # related and recent posts, other lists of posts
    " ampforwp-inline-related-posts ampforwp-inline-related-post related_posts related-posts amp-related-posts"
    " srp r-pf relatedpost recent-posts jp-relatedposts yarpp yarpp-related relpost-thumb-wrapper yuzo_related_post"
    " td_block_related_posts td-related-row tdb_single_related td-module-title"
    " td_wrapper_video_playlist wp-block-latest-posts wp-block-latest-posts__list wp-block-query"
    " wp-block-post-template wp-block-rss wp-block-read-more wp-block-jetpack-related-posts wp-block-jetpack-top-posts"
    " rpbt_shortcode wpp-list elementor-widget-posts display-posts-listing wp-show-posts su-posts mag-box"
    " pipdig_p3_related_posts vc_basic_grid related-post post-related jnews_inline_related_post_wrapper"
    " st-related-posts zergnet-widget tptn_posts tptn_posts_daily"
    " penci-inline-related-posts popular-posts wpnbha wp-block-newspack-blocks-homepage-articles"
    " wp-block-newspack-blocks-carousel td_block_video_playlist jp-relatedposts-i2 similar-posts"
    # the post's place in a series, its translations
    " seriesmeta pps-series-post-details wpml-ls-statics-post_translations icl_post_in_other_langs"
    " qtranxs-available-languages-message"
    # lists of other things, forms to search and to log in
    " wp-block-archives wp-block-categories wp-block-tag-cloud wp-block-calendar wp-block-search wp-block-page-list"
    " wp-block-loginout wp-block-terms-query wp-block-term-description wp-block-jetpack-blogroll"
    # the post's own headline, standfirst and date, the site's name and logo
    " wp-block-post-title wp-block-post-excerpt wp-block-post-date wp-block-query-title wp-block-site-title"
    " wp-block-site-tagline wp-block-site-logo"
    " ampforwp_single_excerpt"  # which AMP designs 1 to 3 print inside the body
    # the featured image, which the classic template prints inside the body
    " td-post-featured-image"
    # breadcrumbs, reading time, text-to-speech players, switches of size and colour, dates and other words on the post
    " yoast-breadcrumbs rank-math-breadcrumb aioseo-breadcrumbs wp-block-breadcrumbs"
    " rt-reading-time bsf-rt-reading-time wp-block-post-time-to-read yoast-reading-time__wrapper booster-read-block"
    " trinity-tts-pb trinityAudioPlaceholder text-size-changer wp-dark-mode-switcher postmetadata"
    " post-modified-info ampforwp-last-modified-date"
    # buttons and share bars
    " wp-block-button wp-block-buttons wp-block-file__button wp-block-social-links vc_btn3-container td_btn"
    " tdm_block_button tds-button tdm_block_socials elementor-button"
    " et_pb_social_media_follow wp-block-kadence-advancedbtn gb-button"
    " wp-block-stackable-button wp-block-uagb-buttons maxbutton"
    " elementor-blockquote__tweet-button et_pb_button_module_wrapper su-button su-divider su-expand-link"
    " wp-block-jetpack-subscriptions"
    " ss-ic ampforwp-so-i"
    " sd-sharing-enabled sd-block td-post-sharing td-post-sharing-top td-post-sharing-bottom"
    " swp_social_panel swp-content-locator shariff heateor_sss_sharing_container addtoany_share_save_container"
    " addtoany_content a2a_kit social-share kk-star-ratings simplesocialbuttons ssbp-wrap"
    " sfsi_Sicons ns-buttons printfriendly addtoany_header et_social_inline dpsp-content-wrapper"
    " dpsp-share-text apss-social-share wabtn_container pdfprnt-buttons"
    " post-edit-link shared-counts-wrap the_champ_sharing_container"
    " addthis_tool addthis_toolbox scriptlesssocialsharing share-links share-post post-share"
    " addthis_inline_share_toolbox dkpdf-button-container printomatictext ss-inline-share-wrapper ss-social-sharing"
    " sfsi_responsive_icons sfsiaftrpstwpr sfsibeforpstwpr wp-block-jetpack-like jetpack-likes-widget-wrapper"
    " wp-socializer twitter-follow-button fb-like"
    " google-news-button juiz_sps_links mr_social_sharing_wrapper supsystic-social-sharing"
    " nc_socialPanel rrssb-buttons av-share-box really_simple_share shareaholic-canvas"
    " addtoany_share_save sociable shr-bookmarks social4i sfsi_plus_Sicons"
    # buttons to share a sentence, to join a channel, to have the page read aloud or translated
    " bctt-ctt-btn tm-ctt-btn wp-block-wptelegram-widget-join-channel rsbtn gtranslate_wrapper nturl goog-te-gadget"
    # ads
    " td-a-rec td-g-rec td-a-ad td-adspot-title advertisement ad-label adsbygoogle amp-ad-wrapper"
    " ad-container adsense"
    " td_block_ad_box tds_newsletter amp_ad_1 stream-item a-single g-single"
    " jeg_ad e3lan e3lan-post paszone_container google-auto-placed ezoic-ad afw quads-location trc_related_container"
    " adace-slot-wrapper adthrive-ad wordads-ad-wrapper wpInsertInPostAd bsaProContainer apPluginContainer"
    # forms and notes for subscribers and donors, with the text around them
    " jetpack_subscription_widget tnp-subscription mc4wp-form mailpoet_form et_bloom_inline_form et_bloom_below_post"
    " tds_locker tds_locker_credits tds_leads tdn_block_newsletter_subscribe"
    " newsletter-signup newsletter-box"
    " wp-block-jetpack-donations jetpack-subscribe-paywall leaky_paywall_message_wrap pmpro_content_message"
    " mepr-unauthorized-message wc-memberships-restriction-message"
    # author boxes
    " saboxplugin-wrap molongui-author-box wp-post-author pp-multiple-authors-boxes-wrapper wp-block-post-author"
    " wp-block-post-author-name wp-block-post-author-biography wp-block-avatar sp-athr"
    " abh_box m-a-box pp-author-boxes wp-biographia-container-top wp-biographia-container-bottom ts-fab-wrapper"
    " wp-post-author-wrap awpa-title molongui-author-box-container mh-author-box jeg_authorbox author-box author-info"
    " about-author amp-author author-box-wrap amp_author_area"
    # comments
    " cmts ampforwp-comment-wrapper comments-area comment-respond comments comment-list commentlist amp-comments"
    " tdb_single_comments wpd-inline-icon-wrapper wp-block-latest-comments wp-block-comments wp-block-post-comments"
    " wp-block-post-comments-form wp-block-post-comments-count wp-block-post-comments-link fb-comments"
    # counters, ratings and polls
    " tptn_counter gdrts-rating-block post-views wpulike pvc_stats post-ratings post-ratings-loading"
    " rmp-widgets-container epvc-post-count wp-polls wpd-rating-wrap zilla-likes dot-irecommendthis"
    " thumbs-rating-container"
    # source and via, tags
    " td-post-source-tags td-post-source-via td-tags tdb-tags amp-tags tags-links tag-links cat-links"
    " post-tags entry-tags meta-tags post-bottom-tags post-bottom-meta jeg_post_tags wp-block-post-terms st-post-tags"
    # plugins' tables of contents
    " toc_container toc_title toc_list lwptoc wp-block-aioseo-table-of-contents simpletoc-title"
    " elementor-widget-table-of-contents simpletoc-list uagb-toc__wrap wp-block-rank-math-toc-block"
    " wp-block-yoast-seo-table-of-contents wp-block-table-of-contents wp-block-kadence-tableofcontents"
    " ub_table-of-contents ruby-table-contents ftwp-in-post wpj-jtoc"
    # plugins' loading notices, credits, badges; footnotes also shown beside their numbers; an accordion's toggle icon
    " wp-polls-loading ead-document-loading jetpack-slideshow-noscript embedpress-el-powered footnote_tooltip"
    " wp-block-accordion-heading__toggle-icon dmca-badge zemanta-pixie"
    # of players: the frame inside a stand-in, what consent plugins show in their place, links to open or to download
    # them, the controls that WordPress's script adds; the copy by which AMP's measures text
    " lL video-placeholder-normal cookieconsent-optout-marketing fusion-privacy-placeholder powerpress_links"
    " _brlbs-content-blocker embed-privacy-overlay cmplz-blocked-content-notice"
    " mejs-offscreen mejs-layers mejs-controls i-amphtml-fit-text-measurer"
    # widgets after the text, the stand-in image of a lightbox video
    " amp-add-widget-after-content amp-custom-banner-after-post amp-video-img"
    # of tables that can be searched: what a script adds around them
    " dataTables_length dataTables_filter dataTables_info dataTables_paginate"
    # of galleries: thumbnails, the caption of the whole, links to its other pages and views
    " carousel-preview blocks-gallery-caption slideshowlink ngg-navigation"
    # what carousels' scripts add: controls, and copies of slides
    " flex-direction-nav flex-control-nav swiper-pagination swiper-notification swiper-slide-duplicate slick-cloned"
    " owl-nav owl-dots soliloquy-controls soliloquy-clone bx-controls bx-clone"
    # controls of tagDiv's slides and smart lists, and the second row of the same images
    " td-gallery-controls-wrapper td-gallery-slide-count td-doubleSlider-2 td-controls td-sml3-top-controls"
    " td-smart-list-pagination td-smart-list-dropdown-wrap td-sml-current-item-nr tdb-sml-current-item-nr"
)

_CLASSES = SCREEN_READER_ONLY | CAPTIONS | PLAYER_BOXES | _OTHERS

_CLASS_PREFIXES = re.compile(
    r"(?:^|\s)(?:code-block-\d|ai-viewport|essb_|ez-toc-(?!section)|td_flex_block|td_module_|td-a-rec-|td-g-rec-"
    r"|td_block_(?:\d|big_grid|slide|trending_now|popular_cat|categories_tags|list_menu|author|social_c|instagram"
    r"|exchange|weather|covid)"
    r"|ampforwp-incontent-ad|advads-|yasr-|sharedaddy|ssba|mashsb|crp_|wp_rp_|rp4wp|outbrain|taboola|OUTBRAIN)"
)
"""How class names of boilerplate begin that have a number or a random suffix."""

_SHARE_BARS = re.compile(
    r"(?:^|\s)(?![\w-]*(?:no|has|have|with|without|hide|show|enable|disable|market)[_-](?:share|sharing|social))[\w-]*"
    r"(?:share|sharing|social)[_-](?:icon|button|bar)s?(?:[_-](?:wrap|wrapper|container|box|list|group|inner))?(?!\S)"
)
"""Class names of share bars, of whatever theme or plugin; not those that say of a larger box whether it has one."""


def is_boilerplate(classes: str) -> bool:
    """Whether one of these space-separated class names is that of boilerplate."""
    return _is_boilerplate(classes) if len(classes) <= MAX_CACHED else _is_boilerplate.__wrapped__(classes)


@lru_cache(maxsize=1024)
def _is_boilerplate(classes: str) -> bool:
    if not _CLASSES.isdisjoint(classes.split()):
        return True
    return _CLASS_PREFIXES.search(classes) is not None or _SHARE_BARS.search(classes) is not None
