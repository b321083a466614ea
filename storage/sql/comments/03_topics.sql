-- What articles are about, and which say the same.

COMMENT ON TABLE topics IS 'The installed topics. One that is no longer installed goes, and its judgements with it.';
COMMENT ON COLUMN topics.topic_id IS 'The topic''s id, which its definition states, like kim-putin-summit.';
COMMENT ON COLUMN topics.topic_version IS 'A hash of the definition''s content: another one means that articles are judged again.';
COMMENT ON COLUMN topics.title IS 'The topic in a few words.';
COMMENT ON COLUMN topics.definition IS 'The definition, as the text of its YAML file.';
COMMENT ON COLUMN topics.loaded_at IS 'When this version was installed (UTC).';
COMMENT ON COLUMN topics.run_id IS 'The run that installed it: runs.run_id.';

COMMENT ON TABLE article_topics IS 'What each topic says of each article: one row a pair, off included; a new judgement replaces the old one. Start from the view topic_articles, which leaves off out.';
COMMENT ON COLUMN article_topics.article_id IS 'The article: articles.article_id.';
COMMENT ON COLUMN article_topics.topic_id IS 'The topic: topics.topic_id.';
COMMENT ON COLUMN article_topics.topic_version IS 'The version of the definition that judged: topics.topic_version, or an older one until the article is judged again.';
COMMENT ON COLUMN article_topics.score IS 'How surely the article is about the topic, 0 to 1.';
COMMENT ON COLUMN article_topics.verdict IS 'on (it is about the topic), mention (it speaks of it in passing) or off.';
COMMENT ON COLUMN article_topics.rule IS 'The rule of the definition that weighed most; nothing-seen when none fired, outside-window when the date ruled it out, undated: before the rule when there was no date to go by.';
COMMENT ON COLUMN article_topics.evidence IS 'The phrases that counted, the heaviest rule''s first; empty when off. field is title or text; start and end are 0-based and half-open, in Unicode characters of that column: text[e.start + 1 : e.end] is e.phrase.';
COMMENT ON COLUMN article_topics.text_hash IS 'The hash of the text that was judged; where articles.text_hash differs, a new judgement is due.';
COMMENT ON COLUMN article_topics.judged_at IS 'When it was judged (UTC).';
COMMENT ON COLUMN article_topics.notified_at IS 'When an event about it went out (UTC); NULL means none did.';
COMMENT ON COLUMN article_topics.run_id IS 'The run that judged: runs.run_id.';

COMMENT ON TABLE article_groups IS 'Articles whose texts are nearly the same (syndication, copies): one row for each member. An article that is like no other has no row. The view syndicated sums each group up.';
COMMENT ON COLUMN article_groups.group_id IS 'The group''s id: the smallest article_id in it, so it may change as articles come and go.';
COMMENT ON COLUMN article_groups.article_id IS 'A member: articles.article_id.';
COMMENT ON COLUMN article_groups.similarity IS 'How much of its text the member shares with the member most like it, 0.8 to 1: a Jaccard similarity of word triples, estimated to about 0.04.';
COMMENT ON COLUMN article_groups.run_id IS 'The run that last put the group together: runs.run_id.';

COMMENT ON TABLE article_signatures IS 'The MinHash of each text, by which near-duplicates are told; of no use by itself.';
COMMENT ON COLUMN article_signatures.article_id IS 'The article: articles.article_id.';
COMMENT ON COLUMN article_signatures.text_hash IS 'The hash of the text it was made of.';
COMMENT ON COLUMN article_signatures.signature IS '128 MinHash values of four bytes each, high byte first; the share that agrees estimates how alike two texts are. Empty for a text without words.';
COMMENT ON COLUMN article_signatures.bands IS 'A hash for each six values of the signature, 21 of them; articles that share one are compared.';
COMMENT ON COLUMN article_signatures.lines IS 'Hashes of the lines of its page''s text that could be the site''s own (20 to 600 characters), each once.';
COMMENT ON COLUMN article_signatures.left_out IS 'Those of them that its host was known to repeat when the page was read: they are not in articles.text.';
COMMENT ON COLUMN article_signatures.settled IS 'True once its lines were counted with the others of its host; NULL or false until then.';
COMMENT ON COLUMN article_signatures.shown_clock IS 'How many minutes east of UTC its page writes times without a zone, where its feed entry states the same moment with a zone; else NULL.';
COMMENT ON COLUMN article_signatures.clock_month IS 'The month, as 2023-09, that its date names where that is a time without a zone; else NULL.';
COMMENT ON COLUMN article_signatures.clock IS 'How many minutes east of UTC that time was taken to be written: 0 while the clock of its host was not known.';
COMMENT ON COLUMN article_signatures.run_id IS 'The run that made it: runs.run_id.';

COMMENT ON TABLE host_lines IS 'Lines that recur on a host''s pages and are left out of its articles: on three stories of a month at least and three in ten of them (of few, on half). Near-duplicates are one story.';
COMMENT ON COLUMN host_lines.host IS 'The host: pages.host.';
COMMENT ON COLUMN host_lines.month IS 'The month (UTC) of publication in which it recurred, as 2023-09; undated for articles without a date. It is left out of the articles of every month.';
COMMENT ON COLUMN host_lines.line IS 'The line''s hash, as in article_signatures.lines.';
COMMENT ON COLUMN host_lines.text IS 'The line itself.';
COMMENT ON COLUMN host_lines.stories IS 'On how many stories of that month it stood.';
COMMENT ON COLUMN host_lines.of_stories IS 'How many stories of the host there were in that month.';
COMMENT ON COLUMN host_lines.run_id IS 'The run that counted them: runs.run_id.';

COMMENT ON TABLE host_clocks IS 'By which clock a host''s pages write times without a zone, as its feeds show: on three stories of a month at least and four in five of those that show one. A month without a row goes by the last one before it, else by the first.';
COMMENT ON COLUMN host_clocks.host IS 'The host: pages.host.';
COMMENT ON COLUMN host_clocks.month IS 'The month (UTC) of publication, as 2023-09.';
COMMENT ON COLUMN host_clocks.minutes IS 'Minutes east of UTC.';
COMMENT ON COLUMN host_clocks.stories IS 'How many stories of that month show this clock.';
COMMENT ON COLUMN host_clocks.of_stories IS 'How many stories of that month show any.';
COMMENT ON COLUMN host_clocks.run_id IS 'The run that counted them: runs.run_id.';

COMMENT ON TABLE articles_to_group IS 'Articles that landed a moment ago and whose near-duplicates are still to be looked for; empty between runs.';
COMMENT ON COLUMN articles_to_group.article_id IS 'The article: articles.article_id.';
COMMENT ON COLUMN articles_to_group.replaced IS 'Whether it was there before with another text, so that its group is found anew.';
COMMENT ON COLUMN articles_to_group.run_id IS 'The run that landed it: runs.run_id.';
