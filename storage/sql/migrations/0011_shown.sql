-- Whether entries were lost between two polls is told by what the poll before showed, not by all
-- that was ever known: an old entry shown again would hide the loss.
ALTER TABLE feeds ADD COLUMN shown VARCHAR[];
