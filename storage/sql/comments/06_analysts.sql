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
COMMENT ON COLUMN feed_health.last_gap_at IS 'When a poll last shared no entry with what was known (UTC); NULL means never. The view possible_gaps has a row for each.';
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

COMMENT ON VIEW possible_gaps IS 'Where entries may have been missed: polls of a feed that shared no entry with what was known. One row a poll.';
COMMENT ON COLUMN possible_gaps.feed_id IS 'The feed: feeds.feed_id.';
COMMENT ON COLUMN possible_gaps.publisher IS 'Who publishes it; NULL when the owner''s list says nothing.';
COMMENT ON COLUMN possible_gaps.url IS 'The address polled now.';
COMMENT ON COLUMN possible_gaps.after_at IS 'When the feed last answered well before (UTC); what was missed came after it. NULL when that poll is no longer on record.';
COMMENT ON COLUMN possible_gaps.before_at IS 'When the poll was that shared nothing (UTC); what was missed came before it.';
COMMENT ON COLUMN possible_gaps.unseen_for IS 'How long the feed was not seen; NULL as after_at.';
COMMENT ON COLUMN possible_gaps.entries IS 'How many entries that poll found, all of them new.';
COMMENT ON COLUMN possible_gaps.run_id IS 'The run that polled: runs.run_id.';

COMMENT ON MACRO TABLE search IS 'Articles that hold all the words asked for, best first: FROM search(''спутник'', topic := ''kim-putin-summit'', since := ''2023-09-13'', until := ''2023-09-17'', language := ''ru''). Days are UTC days, both included. Up to six words or "phrases"; a bar between words (위성|спутник) takes either, a minus before one leaves its articles out, a star finds it inside words too. Case, diacritics, ё, hamza and width make no difference.';
