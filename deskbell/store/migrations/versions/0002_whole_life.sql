-- Columns with constant defaults: adding them rewrites nothing, and the old version still serves beside them.

ALTER TABLE conversation
    ADD COLUMN flagged_at timestamptz,                   -- LIFE-5
    ADD COLUMN offered_to integer REFERENCES staff,      -- rings at this agent (LIFE-2), since offered_at
    ADD COLUMN offered_at timestamptz,
    ADD COLUMN declined integer[] NOT NULL DEFAULT '{}', -- who has declined or let it ring in this round
    ADD COLUMN transfer_by integer REFERENCES staff,     -- a transfer under way (LIFE-14); all null: none
    ADD COLUMN transfer_to integer REFERENCES staff,     -- to this agent, or
    ADD COLUMN transfer_department integer REFERENCES department,
    ADD COLUMN transfer_at timestamptz,
    ADD COLUMN transfer_note text NOT NULL DEFAULT '',
    ADD COLUMN stuck_at timestamptz,                     -- supervisors were told that nobody else can answer (LIFE-6)
    ADD COLUMN sentiment text CHECK (sentiment IN ('negative', 'neutral', 'positive')),
    ADD COLUMN closing_tag_id integer,
    ADD COLUMN close_note text NOT NULL DEFAULT '',
    ADD COLUMN comments integer NOT NULL DEFAULT 0,      -- how many there were; their texts go at close (TEAM-5)
    ADD COLUMN mentioned integer[] NOT NULL DEFAULT '{}',-- staff who follow it until it closes (TEAM-3)
    ADD COLUMN converted boolean NOT NULL DEFAULT false, -- a ticket that was a chat nobody could answer (TICKET-7)
    ADD COLUMN ticket_at timestamptz,                    -- when it became a ticket: its 90 days count from there (TICKET-5)
    ADD COLUMN subject text NOT NULL DEFAULT '',         -- fields of a ticket (TICKET-10)
    ADD COLUMN priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    ADD COLUMN due_at timestamptz,
    ADD COLUMN linked_to bigint;                         -- the conversation this one was closed into, or made from

CREATE UNIQUE INDEX conversation_one_converted ON conversation (customer_id)
    WHERE kind = 'ticket' AND converted AND state IN ('unassigned', 'assigned');
CREATE INDEX conversation_open ON conversation (state) WHERE state IN ('queued', 'offered', 'live', 'pending');
CREATE INDEX conversation_offered ON conversation (offered_to) WHERE offered_to IS NOT NULL;
CREATE INDEX conversation_transfer ON conversation (transfer_at) WHERE transfer_at IS NOT NULL;
CREATE INDEX conversation_mentioned ON conversation USING gin (mentioned) WHERE state IN ('live', 'pending');
CREATE INDEX conversation_linked ON conversation (linked_to) WHERE linked_to IS NOT NULL;
UPDATE conversation SET ticket_at = created_at WHERE kind = 'ticket';
CREATE INDEX conversation_ticket_age ON conversation (ticket_at) WHERE kind = 'ticket' AND state <> 'archived';
-- The table `mention` has made way for the column. The version before still reads it: a later step drops it.

CREATE TABLE closing_tag (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    active boolean NOT NULL DEFAULT true                 -- hidden, never deleted: old conversations keep its name
);
CREATE UNIQUE INDEX closing_tag_name ON closing_tag (lower(name));
ALTER TABLE conversation ADD FOREIGN KEY (closing_tag_id) REFERENCES closing_tag;

-- What can be searched in a text: its words, in small letters, without places. Signs separate words everywhere, also
-- where the parser would keep them together (addresses of pages, file names, numbers with dashes).
CREATE FUNCTION words_of(said text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN strip(to_tsvector('simple'::regconfig,
        translate(said, '.,;:!?@#$%&*+-_/\|=~^`''"()[]{}<>', repeat(' ', 32))));

ALTER TABLE customer
    ADD COLUMN opted_out boolean NOT NULL DEFAULT false, -- nobody writes until they write first (LIFE-12)
    ADD COLUMN words tsvector GENERATED ALWAYS AS
        (words_of(name || ' ' || email || ' ' || phone || ' ' || regexp_replace(phone, '[^0-9]', '', 'g'))) STORED;
CREATE INDEX customer_words ON customer USING gin (words);

ALTER TABLE department ADD COLUMN hours jsonb;           -- null: those of the desk

-- What is told to one person (TEAM-6). Never the text of a comment.
CREATE TABLE notification (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    kind text NOT NULL,
    conversation_id bigint NOT NULL REFERENCES conversation ON DELETE CASCADE,
    data jsonb NOT NULL DEFAULT '{}',
    at timestamptz NOT NULL,
    read_at timestamptz,
    mailed_at timestamptz                                -- it was in a digest
);
CREATE INDEX notification_staff ON notification (staff_id, id);
CREATE INDEX notification_unread ON notification (staff_id, conversation_id) WHERE read_at IS NULL;
CREATE INDEX notification_unmailed ON notification (at) WHERE read_at IS NULL AND mailed_at IS NULL;

-- A reply that goes by e-mail (LIFE-10); due_at is null when it went or was given up (then with its error).
CREATE TABLE letter (
    conversation_id bigint NOT NULL REFERENCES conversation ON DELETE CASCADE,
    seq integer NOT NULL,
    recipient text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    due_at timestamptz,
    done_at timestamptz,
    error text,
    PRIMARY KEY (conversation_id, seq)
);
CREATE INDEX letter_due ON letter (due_at) WHERE due_at IS NOT NULL;

-- Notes on a customer's profile (TEAM-7).
CREATE TABLE note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    staff_id integer NOT NULL REFERENCES staff,
    client_id text NOT NULL,                             -- posting it twice is once
    text text NOT NULL,
    at timestamptz NOT NULL,
    UNIQUE (customer_id, staff_id, client_id)
);
CREATE INDEX note_customer ON note (customer_id, id);

-- The words of a conversation's messages, written shortly after them: indexing in the sender's path would slow every message.
CREATE TABLE search (
    conversation_id bigint PRIMARY KEY REFERENCES conversation ON DELETE CASCADE,
    upto integer NOT NULL,                               -- messages up to this number are in
    words tsvector NOT NULL
);
CREATE INDEX search_words ON search USING gin (words) WITH (gin_pending_list_limit = 512);

-- Conversations by the words of their messages and of their customers, a bounded number. Always by the indexes: the
-- planner takes the beginning of a word for common, and would read the whole table.
CREATE FUNCTION conversations_with(wanted tsquery, most integer) RETURNS SETOF bigint
    LANGUAGE sql STABLE SET enable_seqscan = off
BEGIN ATOMIC
    SELECT id FROM (
        (SELECT conversation_id AS id FROM search WHERE words @@ wanted LIMIT most)
        UNION
        (SELECT c.id FROM customer cu JOIN conversation c ON c.customer_id = cu.id
         WHERE cu.words @@ wanted LIMIT most)
    ) AS found LIMIT most;
END;

-- Tickets in their groups, and the ended ones, archived or not, which only a search shows together.
DROP INDEX conversation_tickets;
CREATE INDEX conversation_tickets ON conversation (state, state_at, id) WHERE kind = 'ticket';
CREATE INDEX conversation_tickets_owner ON conversation (owner_id, state, state_at, id) WHERE kind = 'ticket';
CREATE INDEX conversation_ended_tickets ON conversation (state_at, id) WHERE kind = 'ticket' AND state IN ('closed', 'archived');
