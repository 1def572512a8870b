-- Visits, page views and what a site signs for its people.

-- A browser on one site, by the random key it keeps in the site's own storage. The key only reports pages: it is no
-- token, since scripts of the site can read it. What it says of its first visit is its own word (VISITOR-3).
CREATE TABLE visitor (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_hash bytea NOT NULL UNIQUE,                      -- of site and key together
    site_id integer NOT NULL REFERENCES site,
    customer_id bigint REFERENCES customer ON DELETE SET NULL, -- null until it chats
    unclaimed boolean NOT NULL DEFAULT false,            -- an agent began a chat: the first frame of this key gets its token
    first_at timestamptz NOT NULL,
    first_url text NOT NULL DEFAULT '',
    visits integer NOT NULL DEFAULT 0,
    visit_id bigint,                                     -- the present or last visit
    seen_at timestamptz NOT NULL,
    facts jsonb NOT NULL DEFAULT '{}',                   -- what the page says of this visitor, unproven
    greeted_at timestamptz,                              -- a trigger showed its greeting
    dismissed_at timestamptz,                            -- and it was put away: never again
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX visitor_customer ON visitor (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX visitor_seen ON visitor (seen_at);

CREATE TABLE visit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    visitor_id bigint REFERENCES visitor ON DELETE SET NULL, -- null: a chat frame without a reporting page
    customer_id bigint REFERENCES customer ON DELETE CASCADE,
    site_id integer NOT NULL REFERENCES site,
    ip text NOT NULL DEFAULT '',
    user_agent text NOT NULL DEFAULT '',
    locale text NOT NULL DEFAULT '',
    time_zone text NOT NULL DEFAULT '',
    referrer text NOT NULL DEFAULT '',
    landing_url text NOT NULL DEFAULT '',
    landing_title text NOT NULL DEFAULT '',
    url text NOT NULL DEFAULT '',                        -- the page they are on
    title text NOT NULL DEFAULT '',
    page_at timestamptz,                                 -- since when
    pages integer NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX visit_customer ON visit (customer_id, last_at) WHERE customer_id IS NOT NULL;
CREATE INDEX visit_visitor ON visit (visitor_id) WHERE visitor_id IS NOT NULL;
CREATE INDEX visit_last ON visit (last_at);

-- `id` is the browser's name for the view, so that reporting it twice is once. `dwell`: seconds it was in front.
CREATE TABLE page_view (
    visit_id bigint NOT NULL REFERENCES visit ON DELETE CASCADE,
    id bigint NOT NULL,
    url text NOT NULL,
    title text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    dwell integer NOT NULL DEFAULT 0,
    PRIMARY KEY (visit_id, id)
) WITH (fillfactor = 90);

-- Customers with a chat frame on a node, renewed in bulk.
CREATE UNLOGGED TABLE customer_presence (
    customer_id bigint NOT NULL,
    node text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, node)
);

ALTER TABLE site
    ADD COLUMN tracking text NOT NULL DEFAULT 'on' CHECK (tracking IN ('on', 'off', 'consent')),
    ADD COLUMN triggers jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN identity_version integer NOT NULL DEFAULT 0; -- of the secret that signs its people; 0: none was made

-- Whom a site has proven by its signature (VISITOR-6). Signatures made before `refused_before` count no more.
CREATE TABLE identity (
    site_id integer NOT NULL REFERENCES site,
    subject text NOT NULL,
    customer_id bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    refused_before timestamptz NOT NULL DEFAULT 'epoch',
    PRIMARY KEY (site_id, subject)
);
CREATE INDEX identity_customer ON identity (customer_id);
ALTER TABLE browser ADD COLUMN subject text;             -- signed in as this subject; null: nobody proven
