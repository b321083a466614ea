-- search('words'): the articles that hold all of them, with a score and a snippet. There is no
-- index: each word becomes a regular expression, which is constant in the plan and compiled once,
-- and the texts are scanned. So it finds what landed a moment ago, in any script.
-- The steps below are macros of one lambda each: lambdas within lambdas take seconds to plan.

-- The query with each letter as the class of its forms (search_class), in brackets that no text
-- has; after a letter of Arabic or Hebrew a mark (⟡) for the vowel signs that may follow it.
CREATE OR REPLACE MACRO search_letters(query) AS array_to_string(list_transform(
    regexp_extract_all(search_plain(translate(nfc_normalize(query),
        '“”„‟«»「」『』＂＊⟦⟧⦅⦆¦⟡', '"""""""""""*      ')), 'ae|oe|ue|ss|.'),
    lambda letter: coalesce(search_class(letter), letter)
        || CASE WHEN letter BETWEEN '֐' AND 'ۿ' THEN '⟡' ELSE '' END), '');

-- What must not stand beside a word: more letters, in the scripts that write spaces between words
-- and join nothing to their beginning; more digits beside a digit; in other scripts anything goes.
CREATE OR REPLACE MACRO search_begins(words) AS replace(replace(
    regexp_replace(regexp_replace(words,
        '(^|∥)([⟦⦅]*[\p{Latin}\p{Cyrillic}\p{Greek}\p{Armenian}])', '\1⊢\2', 'g'),
        '(^|∥)(⟦?\pN)', '\1⊦\2', 'g'),
    '⊢', '(?:^|[^\p{Latin}\p{Cyrillic}\p{Greek}\p{Armenian}\pN])'), '⊦', '(?:^|[^\pN])');

CREATE OR REPLACE MACRO search_ends(words) AS replace(replace(
    regexp_replace(regexp_replace(words,
        '([\p{Latin}\p{Cyrillic}\p{Greek}\p{Armenian}][⟧⦆]*)($|∥)', '\1⊢\2', 'g'),
        '(\pN⟧?)($|∥)', '\1⊦\2', 'g'),
    '⊢', '(?:$|[^\p{Latin}\p{Cyrillic}\p{Greek}\p{Armenian}\pN])'), '⊦', '(?:$|[^\pN])');

-- The words of a term: parted by single spaces, alternatives by ∥.
CREATE OR REPLACE MACRO search_words(term) AS regexp_replace(trim(
    regexp_replace(replace(term, '|', '∥'), '[^\pL\pN\pM⟦⟧⦅⦆¦⟡∥]+', ' ', 'g'), ' ∥'),
    ' *∥[ ∥]*', '∥', 'g');

-- One term as a regular expression. It is found at the beginning of a word, so that endings do not
-- matter; anywhere with a star before it; as whole words when it was quoted.
CREATE OR REPLACE MACRO search_term(term) AS '(?:' || replace(replace(translate(
    CASE WHEN term LIKE '*%' THEN search_words(term)
         WHEN term LIKE '"%' THEN search_ends(search_begins(search_words(term)))
         ELSE search_begins(search_words(term)) END,
    '⟦⟧⦅⦆¦∥', '[]()||'), '⟡', '[\p{Mn}ـ]*'), ' ', '[^\pL\pN]{0,3}') || ')';

-- The expressions of all terms; those of terms with a minus before them begin with a minus.
CREATE OR REPLACE MACRO search_patterns(query) AS list_transform(
    regexp_extract_all(search_letters(query), '[-*]*"[^"]*[^\s"][^"]*"?|[^\s"]*[\pL\pN][^\s"]*'),
    lambda term: CASE WHEN term LIKE '-%' THEN '-' ELSE '' END || search_term(ltrim(term, '-')));

CREATE OR REPLACE MACRO search_wanted(query) AS
list_filter(search_patterns(query), lambda pattern: pattern NOT LIKE '-%');

CREATE OR REPLACE MACRO search_unwanted(query) AS nullif(ltrim(replace(array_to_string(
    list_filter(search_patterns(query), lambda pattern: pattern LIKE '-%'), '|'), '|-', '|'), '-'), '');

CREATE OR REPLACE MACRO search_any(query) AS
'(?:' || array_to_string(search_wanted(query), '|') || ')';

CREATE OR REPLACE MACRO search_checked(terms) AS
CASE WHEN terms BETWEEN 1 AND 6 THEN true
     ELSE error('a search takes one to six words or "phrases"') END;

-- How many different words of those found stand in a field.
CREATE OR REPLACE MACRO search_share(field, words) AS
len(list_filter(list_distinct(words), lambda word: coalesce(contains(field, word), false)));

-- The first place found, in brackets, with up to 60 characters on either side.
CREATE OR REPLACE MACRO search_snippet(body, word) AS
CASE WHEN word IS NULL THEN body[:120]
     ELSE trim(replace(
        body[greatest(strpos(body, word) - 60, 1):strpos(body, word) - 1]
        || regexp_replace(word, '^([^\pL\pN]*)(.*?)([^\pL\pN]*)$', '\1[\2]\3', 's')
        || body[strpos(body, word) + len(word):strpos(body, word) + len(word) + 59],
        chr(10), ' ')) END;

-- An empty filter filters nothing (DuckLake takes no NULL for a default).
CREATE OR REPLACE MACRO search_empty(given) AS coalesce(given::VARCHAR, '') = '';

-- A term in the title outweighs one in the lead, and that one how often the article has them for
-- its length (saturating, as BM25 does).
CREATE OR REPLACE MACRO search(query, topic := '', since := '', until := '', language := '')
AS TABLE
WITH found AS (
    SELECT n.*, regexp_extract_all(n.everything, search_any(query)) AS words,
           len(search_wanted(query)) AS terms
    FROM (
        SELECT *, concat_ws(chr(10), title, lead, text) AS everything,
               coalesce(lead, split_part(text, chr(10), 1)) AS opening,
               (published_at AT TIME ZONE 'UTC')::DATE AS day
        FROM news
    ) n, (SELECT search_checked(len(search_wanted(query))) AS good) checked
    WHERE checked.good
      AND (search_empty(language) OR n.language = language)
      AND (search_empty(since) OR n.day >= nullif(since::VARCHAR, '')::DATE)
      AND (search_empty(until) OR n.day <= nullif(until::VARCHAR, '')::DATE)
      AND (search_empty(topic) OR n.article_id IN (
          SELECT t.article_id FROM article_topics t WHERE t.topic_id = topic AND t.verdict = 'on'))
      AND coalesce(regexp_matches(n.everything, search_wanted(query)[1]), true)
      AND coalesce(regexp_matches(n.everything, search_wanted(query)[2]), true)
      AND coalesce(regexp_matches(n.everything, search_wanted(query)[3]), true)
      AND coalesce(regexp_matches(n.everything, search_wanted(query)[4]), true)
      AND coalesce(regexp_matches(n.everything, search_wanted(query)[5]), true)
      AND coalesce(regexp_matches(n.everything, search_wanted(query)[6]), true)
      AND coalesce(NOT regexp_matches(n.everything, search_unwanted(query)), true)
)
SELECT f.article_id,
       round(4 * least(search_share(f.title, f.words) / f.terms, 1)
             + 2 * least(search_share(f.opening, f.words) / f.terms, 1)
             + len(f.words) / (len(f.words) + 0.5 + len(f.text) / 2000), 3) AS score,
       f.published_at, f.publisher, f.country, f.language, f.title,
       search_snippet(f.text, list_filter(f.words, lambda word: contains(f.text, word))[1])
           AS snippet,
       len(f.words) AS hits, f.url
FROM found f
ORDER BY score DESC, f.published_at DESC NULLS LAST, f.article_id;
