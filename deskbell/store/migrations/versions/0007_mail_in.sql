-- Mail that comes in, and the ids of all mail that went or came, so that answers find their thread (CHANNEL-4).

-- Message ids without their angle brackets.
CREATE TABLE mail_message (
    message_id text PRIMARY KEY CHECK (length(message_id) <= 500),
    conversation_id bigint NOT NULL REFERENCES conversation ON DELETE CASCADE,
    seq integer NOT NULL,                                -- the entry it carries or became; 0: none (a transcript, a survey)
    direction text NOT NULL CHECK (direction IN ('in', 'out')),
    recipient text NOT NULL DEFAULT '',                  -- of one that went out
    at timestamptz NOT NULL,
    failed_at timestamptz                                -- came back
);
CREATE INDEX mail_message_conversation ON mail_message (conversation_id, seq);

-- A mailbox we read, how far, and how that goes.
CREATE TABLE mailbox (
    name text PRIMARY KEY,
    uidvalidity bigint NOT NULL DEFAULT 0,
    last_uid bigint NOT NULL DEFAULT 0,                  -- everything up to here is stored
    ok_at timestamptz,
    error text NOT NULL DEFAULT '',
    error_at timestamptz
);

-- Stored before anything is done with it. The bytes lie in the file store under raw_id.
CREATE TABLE inbound_mail (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mailbox text NOT NULL,
    uidvalidity bigint NOT NULL,
    uid bigint NOT NULL,
    raw_id text NOT NULL,
    size bigint NOT NULL,                                -- of the whole mail, also when only its beginning was fetched
    fetched_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done', 'aside')),
    tries integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    error text NOT NULL DEFAULT '',
    outcome text NOT NULL DEFAULT '',                    -- what it was: reply, ticket, bounce, automatic, loop, ...
    fingerprint text,                                    -- of what it says: the same mail fetched again is known by it
    sender text NOT NULL DEFAULT '',
    conversation_id bigint REFERENCES conversation ON DELETE SET NULL,
    seq integer NOT NULL DEFAULT 0,
    done_at timestamptz,
    UNIQUE (mailbox, uidvalidity, uid)
);
CREATE INDEX inbound_mail_new ON inbound_mail (due_at, id) WHERE state = 'new';
CREATE INDEX inbound_mail_open ON inbound_mail (state) WHERE state <> 'done';
CREATE INDEX inbound_mail_fingerprint ON inbound_mail (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX inbound_mail_sender ON inbound_mail (sender, fetched_at);
CREATE INDEX inbound_mail_conversation ON inbound_mail (conversation_id, seq) WHERE conversation_id IS NOT NULL;
CREATE INDEX customer_by_email ON customer (lower(email)) WHERE email <> '';
