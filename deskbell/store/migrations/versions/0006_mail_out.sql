-- Transcripts, surveys and how mails go out.
SELECT 1;
