-- Which stories ran in several papers, and who ran them first?
SELECT copies, publishers, first_publisher, first_at, title, urls
FROM syndicated
ORDER BY copies DESC, first_at;
