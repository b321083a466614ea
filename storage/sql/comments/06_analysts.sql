-- What analysts ask beyond the story itself: who was first, what was copied, what may be missing.

COMMENT ON COLUMN topic_articles.published_precision IS 'How exact published_at is: instant, local (no zone stated, taken as UTC), day (midnight UTC stands for it) or none.';
COMMENT ON COLUMN topic_articles.snippets IS 'Up to three phrases of the text that counted, each with up to 40 characters on either side; empty when only the title counted.';
COMMENT ON COLUMN summit_articles.published_precision IS 'How exact published_at is, as at topic_articles.published_precision.';
COMMENT ON COLUMN summit_articles.snippets IS 'Up to three phrases of the text that counted, as at topic_articles.snippets.';
COMMENT ON COLUMN topic_timeline.texts IS 'The same articles with near-duplicates counted once.';
COMMENT ON COLUMN coverage.texts IS 'The same articles with near-duplicates of this publisher''s own counted once.';
COMMENT ON COLUMN syndicated.wordings IS 'How many different texts they are, word for word: 1 when all are identical.';
COMMENT ON COLUMN syndicated.last_at IS 'When the last copy was published (UTC); NULL when none has a date.';
COMMENT ON COLUMN syndicated.similarity IS 'How like its nearest copy the least similar one is, 0.8 to 1, estimated by MinHash.';
COMMENT ON COLUMN feed_health.last_gap_at IS 'When a poll last shared no entry with the one before (UTC); NULL means never. The view possible_gaps has a row for each.';
COMMENT ON COLUMN feed_health.read_polls IS 'How many polls brought a body that was new and had to be read.';
COMMENT ON COLUMN feed_health.fast_polls IS 'How many of those the fast reader read; the others went to feedparser or are JSON, as at polls.path.';
COMMENT ON COLUMN waiting.host IS 'The host that will be asked.';
COMMENT ON COLUMN failures_by_reason.first_at IS 'When the one that fails longest first failed (UTC).';

COMMENT ON VIEW first_reports IS 'Who had a topic first: each publisher''s first article on it, in order. Articles whose time of day nobody states, and those without a publisher, take no part.';
COMMENT ON COLUMN first_reports.topic_id IS 'The topic.';
COMMENT ON COLUMN first_reports.place IS 'The publisher''s place in the order, 1 for the first.';
COMMENT ON COLUMN first_reports.publisher IS 'Who published it.';
COMMENT ON COLUMN first_reports.country IS 'The publisher''s country, ISO 3166-1 alpha-2; NULL when not known.';
COMMENT ON COLUMN first_reports.language IS 'The language of the text; NULL when it cannot be told.';
COMMENT ON COLUMN first_reports.first_at IS 'When the publisher''s first article on the topic was published (UTC).';
COMMENT ON COLUMN first_reports.behind_first IS 'How long after the very first report that was; 0 for the first.';
COMMENT ON COLUMN first_reports.ahead_of_next IS 'How long before the next publisher''s that was; NULL for the last.';
COMMENT ON COLUMN first_reports.title IS 'The headline; NULL when nothing gives one.';
COMMENT ON COLUMN first_reports.url IS 'The cleaned address; NULL for a file that names none.';
COMMENT ON COLUMN first_reports.article_id IS 'The article: news.article_id.';

COMMENT ON VIEW first_copies IS 'Who had a syndicated text first: each copy of it in order, one row an article. Copies whose time of day nobody states take no part.';
COMMENT ON COLUMN first_copies.group_id IS 'The group: article_groups.group_id. The view syndicated has one row for each.';
COMMENT ON COLUMN first_copies.place IS 'The copy''s place in the order, 1 for the first.';
COMMENT ON COLUMN first_copies.publisher IS 'Who published it; NULL when nobody says.';
COMMENT ON COLUMN first_copies.country IS 'The publisher''s country, ISO 3166-1 alpha-2; NULL when not known.';
COMMENT ON COLUMN first_copies.language IS 'The language of the text; NULL when it cannot be told.';
COMMENT ON COLUMN first_copies.published_at IS 'When it was published (UTC).';
COMMENT ON COLUMN first_copies.behind_first IS 'How long after the first copy that was; 0 for the first.';
COMMENT ON COLUMN first_copies.similarity IS 'How like its nearest copy it is, 0.8 to 1: article_groups.similarity.';
COMMENT ON COLUMN first_copies.title IS 'The headline; NULL when nothing gives one.';
COMMENT ON COLUMN first_copies.url IS 'The cleaned address; NULL for a file that names none.';
COMMENT ON COLUMN first_copies.article_id IS 'The article: news.article_id.';

COMMENT ON VIEW possible_gaps IS 'Where entries may have been missed: polls of a feed that shared no entry with the one before. One row a poll.';
COMMENT ON COLUMN possible_gaps.feed_id IS 'The feed: feeds.feed_id.';
COMMENT ON COLUMN possible_gaps.publisher IS 'Who publishes it; NULL when the owner''s list says nothing.';
COMMENT ON COLUMN possible_gaps.url IS 'The address polled now.';
COMMENT ON COLUMN possible_gaps.after_at IS 'When the feed last answered well before (UTC); what was missed came after it. NULL when that poll is no longer on record.';
COMMENT ON COLUMN possible_gaps.before_at IS 'When the poll was that shared nothing (UTC); what was missed came before it.';
COMMENT ON COLUMN possible_gaps.unseen_for IS 'How long the feed was not seen; NULL as after_at.';
COMMENT ON COLUMN possible_gaps.entries IS 'How many entries that poll found, none of them in the poll before.';
COMMENT ON COLUMN possible_gaps.run_id IS 'The run that polled: runs.run_id.';

COMMENT ON MACRO TABLE search IS 'Articles that hold all the words asked for, best first: FROM search(''спутник'', topic := ''kim-putin-summit'', since := ''2023-09-13'', until := ''2023-09-17'', language := ''ru''). Days are UTC days, both included. Up to six words or "phrases"; a bar between words (위성|спутник) takes either, a minus before one leaves its articles out, a star finds it inside words too. Case, diacritics, ё, hamza and width make no difference.';

COMMENT ON VIEW host_quality IS 'How well the pages of a host could be read, day by day: the day a site changed its layout stands out. One row a host and UTC day of fetching; pages that a window or gate passed over take no part.';
COMMENT ON COLUMN host_quality.host IS 'The host the pages came from.';
COMMENT ON COLUMN host_quality.day IS 'The day of fetching, from midnight to midnight UTC.';
COMMENT ON COLUMN host_quality.pages IS 'How many pages were read.';
COMMENT ON COLUMN host_quality.articles IS 'How many of them gave an article.';
COMMENT ON COLUMN host_quality.rejected IS 'How many were none (an index, an error page, a text too short).';
COMMENT ON COLUMN host_quality.failed IS 'How many could not be read (broken, too slow, too large).';
COMMENT ON COLUMN host_quality.fast IS 'How many gave an article on the first, fast way.';
COMMENT ON COLUMN host_quality.slow IS 'How many texts were won by the second, more patient way.';
COMMENT ON COLUMN host_quality.json_ld IS 'How many texts came out of the page''s own metadata.';
COMMENT ON COLUMN host_quality.script_data IS 'How many came out of the data of its scripts, where the page showed nothing without them.';
COMMENT ON COLUMN host_quality.feed IS 'How many texts came out of the feed.';
COMMENT ON COLUMN host_quality.teasers IS 'How many were the open beginning of a closed article.';
COMMENT ON COLUMN host_quality.usual_reason IS 'The most common reason why a page gave no article, a word listed at failures.reason; NULL when all did.';
COMMENT ON COLUMN host_quality.share_fast IS 'The share of pages that gave an article on the fast way, 0 to 1.';
COMMENT ON COLUMN host_quality.share_fast_before IS 'The same over the up to 14 days with pages before; NULL on the host''s first.';
COMMENT ON COLUMN host_quality.mean_words IS 'How long the texts are on average, in words; NULL when there are none.';
COMMENT ON COLUMN host_quality.mean_words_before IS 'The same over the up to 14 days with pages before; NULL when there were none.';
COMMENT ON COLUMN host_quality.worse IS 'True when, of three pages or more, much fewer than before (ten or more) gave an article on the fast way, by 0.4 of all, or the texts are shorter than 0.4 of what they were.';
COMMENT ON COLUMN host_quality.layout_changed IS 'True on the first day that is worse: look at what the site sends since then.';
