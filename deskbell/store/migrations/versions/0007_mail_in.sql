-- Mails that came in, and how they find their tickets.
SELECT 1;
