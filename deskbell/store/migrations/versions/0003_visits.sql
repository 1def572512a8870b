-- Visits, page views and what a site signs for its people.
SELECT 1;
