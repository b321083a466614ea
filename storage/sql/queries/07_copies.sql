-- Which stories ran in several papers, who ran them first, and how long did the last one take?
SELECT copies, publishers, wordings, first_publisher, first_at, last_at - first_at AS took, title,
       urls
FROM syndicated
ORDER BY copies DESC, first_at;
