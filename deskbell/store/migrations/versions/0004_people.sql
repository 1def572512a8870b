-- Blocks, linked tickets, labels and what is known of customers.
SELECT 1;
