-- Canned replies and what else helps to write.
SELECT 1;
