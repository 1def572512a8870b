-- Blocks, linked tickets, labels and what is known of customers. Columns with constant defaults only.

ALTER TABLE customer
    ADD COLUMN blocked_until timestamptz,                -- the end of their running block; null: none was made or it was lifted
    ADD COLUMN company text NOT NULL DEFAULT '',
    ADD COLUMN labels integer[] NOT NULL DEFAULT '{}',
    ADD COLUMN merged_into bigint REFERENCES customer;   -- everything of theirs went there; only the number is left
CREATE INDEX customer_verified ON customer (lower(email)) WHERE email_verified AND email <> '';
CREATE INDEX customer_labels ON customer USING gin (labels) WHERE labels <> '{}';
CREATE INDEX conversation_labels ON conversation USING gin (labels) WHERE labels <> '{}';
CREATE INDEX customer_merged ON customer (merged_into) WHERE merged_into IS NOT NULL;

-- Who may not come for a while, why, and who said so (BLOCK-1). Kept after its end.
CREATE TABLE block (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    conversation_id bigint NOT NULL REFERENCES conversation ON DELETE CASCADE, -- where it was made
    reason text NOT NULL,
    staff_id integer NOT NULL REFERENCES staff,
    at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    address text,                                        -- blocked too (BLOCK-2): one of IPv4, or an IPv6 /64
    lifted_by integer REFERENCES staff,
    lifted_at timestamptz
);
CREATE INDEX block_customer ON block (customer_id, until);
CREATE INDEX block_until ON block (until) WHERE lifted_at IS NULL;

-- By what a blocked person is known again, besides their number: browser, verified e-mail, address.
CREATE TABLE block_mark (
    block_id bigint NOT NULL REFERENCES block ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('browser', 'account', 'email', 'address')),
    value text NOT NULL,
    PRIMARY KEY (kind, value, block_id)
);
CREATE INDEX block_mark_block ON block_mark (block_id);

-- Further e-mail addresses of a customer; the first one is a column there.
CREATE TABLE customer_email (
    customer_id bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    email text NOT NULL,
    verified boolean NOT NULL DEFAULT false,
    PRIMARY KEY (customer_id, email)
);
CREATE INDEX customer_email_verified ON customer_email (lower(email)) WHERE verified;

-- What a desk wants to know of its customers besides name and address.
CREATE TABLE customer_field (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    label text NOT NULL,
    kind text NOT NULL DEFAULT 'text' CHECK (kind IN ('text', 'long', 'number', 'email', 'phone')),
    active boolean NOT NULL DEFAULT true,                -- hidden, never deleted: what was filled in stays
    place integer NOT NULL DEFAULT 0
);
