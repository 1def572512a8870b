-- Channels that are somebody else's service (WhatsApp and what may follow): the same tables for all of them (CHANNEL-1).

-- One of our addresses there; on WhatsApp a business number.
CREATE TABLE channel_account (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel text NOT NULL CHECK (length(channel) BETWEEN 1 AND 20),
    external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 100), -- the service's own id; WhatsApp: phone_number_id
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    department_id integer REFERENCES department ON DELETE SET NULL,  -- where new chats go
    enabled boolean NOT NULL DEFAULT true,
    settings jsonb NOT NULL DEFAULT '{}',                -- what is no secret, of this channel's own shape
    secrets bytea NOT NULL DEFAULT '',                   -- sealed (kit/seal.py); never leaves unsealed but for the service
    facts jsonb NOT NULL DEFAULT '{}',                   -- what the service says of it: quality, limits, verified name
    checked_at timestamptz,
    trouble text NOT NULL DEFAULT '',                    -- why nothing can be sent now, for people
    trouble_code integer NOT NULL DEFAULT 0,
    trouble_at timestamptz,
    templates_at timestamptz,                            -- when the templates were last fetched
    created_at timestamptz NOT NULL,
    UNIQUE (channel, external_id)
);

-- Somebody who writes to an account, by the service's own id of them.
CREATE TABLE contact (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id integer NOT NULL REFERENCES channel_account ON DELETE CASCADE,
    user_id text NOT NULL CHECK (length(user_id) BETWEEN 1 AND 200),
    phone text CHECK (length(phone) <= 20),              -- digits without +; WhatsApp users may hide it
    customer_id bigint NOT NULL REFERENCES customer,
    name text NOT NULL DEFAULT '',
    username text NOT NULL DEFAULT '',
    last_in_at timestamptz,                              -- opens the window (LIFE-11)
    renamed_at timestamptz,                              -- the service told of a new number, and not yet of the id that goes with it
    created_at timestamptz NOT NULL,
    UNIQUE (account_id, user_id)
);
CREATE UNIQUE INDEX contact_phone ON contact (account_id, phone) WHERE phone IS NOT NULL;
CREATE INDEX contact_customer ON contact (customer_id, last_in_at DESC);

-- What a service sent us, stored before it is answered and before anything is done with it; once per key.
CREATE TABLE arrival (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id integer NOT NULL REFERENCES channel_account ON DELETE CASCADE,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 300),  -- m:<message id>, s:<message id>:<status>, ...
    sender text NOT NULL DEFAULT '',                     -- what is worked on in order
    payload jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done', 'aside')),
    tries integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    error text NOT NULL DEFAULT '',
    outcome text NOT NULL DEFAULT '',
    conversation_id bigint REFERENCES conversation ON DELETE SET NULL,
    seq integer NOT NULL DEFAULT 0,
    done_at timestamptz,
    UNIQUE (account_id, key)
);
CREATE INDEX arrival_new ON arrival (due_at, id) WHERE state = 'new';
CREATE INDEX arrival_done ON arrival (done_at) WHERE state = 'done';
CREATE INDEX arrival_held ON arrival (account_id, sender, id) WHERE state = 'new' AND tries > 0 AND error <> '';
CREATE INDEX arrival_aside ON arrival (id) WHERE state = 'aside';
CREATE INDEX arrival_conversation ON arrival (conversation_id) WHERE conversation_id IS NOT NULL;

-- Which message of a service is which entry, in both directions.
CREATE TABLE channel_message (
    account_id integer NOT NULL REFERENCES channel_account ON DELETE CASCADE,
    external_id text NOT NULL CHECK (length(external_id) <= 300),
    conversation_id bigint NOT NULL REFERENCES conversation ON DELETE CASCADE,
    seq integer NOT NULL,
    direction text NOT NULL CHECK (direction IN ('in', 'out')),
    at timestamptz NOT NULL,
    PRIMARY KEY (account_id, external_id)
);
CREATE INDEX channel_message_entry ON channel_message (conversation_id, seq);

-- A file of a message that came, as long as it is still at the service.
CREATE TABLE coming_file (
    conversation_id bigint NOT NULL REFERENCES conversation ON DELETE CASCADE,
    seq integer NOT NULL,
    part smallint NOT NULL,                              -- which of the message's files, from 0
    account_id integer NOT NULL REFERENCES channel_account ON DELETE CASCADE,
    media_id text NOT NULL,
    kind text NOT NULL,
    type text NOT NULL,                                  -- as its sender says
    name text NOT NULL,
    sha256 text NOT NULL,                                -- in hex, or ""
    due_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    error text NOT NULL DEFAULT '',
    PRIMARY KEY (conversation_id, seq, part)
);
CREATE INDEX coming_file_due ON coming_file (due_at);

-- An entry that goes out, and how it stands with it as a whole: what staff see as ticks.
CREATE TABLE dispatch (
    conversation_id bigint NOT NULL REFERENCES conversation ON DELETE CASCADE,
    seq integer NOT NULL,
    channel text NOT NULL,
    customer_id bigint NOT NULL REFERENCES customer,
    content jsonb,                                       -- what to send instead of the entry's text and files: a template
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'sending', 'unknown', 'sent', 'delivered', 'read', 'failed')),
    code integer NOT NULL DEFAULT 0,                     -- the service's own error code
    error text NOT NULL DEFAULT '',
    tries integer NOT NULL DEFAULT 0,
    due_at timestamptz,                                  -- when to look at it next; null: nothing is to be done, or its account is in trouble
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,                     -- since when it stands so
    PRIMARY KEY (conversation_id, seq)
);
CREATE INDEX dispatch_due ON dispatch (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX dispatch_head ON dispatch (customer_id, created_at, conversation_id, seq)
    WHERE state IN ('waiting', 'sending');

-- The messages of the service that one entry becomes: long text and several files are several.
CREATE TABLE dispatch_part (
    conversation_id bigint NOT NULL,
    seq integer NOT NULL,
    part smallint NOT NULL,
    attempt text NOT NULL UNIQUE,                        -- ours, committed before the call; comes back in statuses
    account_id integer NOT NULL REFERENCES channel_account ON DELETE CASCADE,
    contact_id bigint NOT NULL REFERENCES contact ON DELETE CASCADE,
    body jsonb NOT NULL,                                 -- what is sent, without the address
    external_id text,                                    -- the service's id of it, once known
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'sending', 'unknown', 'sent', 'delivered', 'read', 'failed')),
    code integer NOT NULL DEFAULT 0,
    error text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, seq, part),
    FOREIGN KEY (conversation_id, seq) REFERENCES dispatch ON DELETE CASCADE
);
CREATE UNIQUE INDEX dispatch_part_external ON dispatch_part (account_id, external_id) WHERE external_id IS NOT NULL;

-- Templates as the account has them; only those that are APPROVED can be sent.
CREATE TABLE message_template (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id integer NOT NULL REFERENCES channel_account ON DELETE CASCADE,
    external_id text NOT NULL,
    name text NOT NULL,
    language text NOT NULL,
    category text NOT NULL DEFAULT '',
    status text NOT NULL,
    quality text NOT NULL DEFAULT '',
    parameter_format text NOT NULL DEFAULT 'positional',
    components jsonb NOT NULL,
    reason text NOT NULL DEFAULT '',                     -- why it was rejected
    changed_at timestamptz NOT NULL,
    UNIQUE (account_id, name, language)
);
