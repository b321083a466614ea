-- Who mentions the satellites, in any language? (Best first: the title counts most.)
SELECT published_at, publisher, language, title, snippet
FROM search('satellit|satelit|спутник|супутник|위성|衛星|卫星|قمر', topic := 'kim-putin-summit');
