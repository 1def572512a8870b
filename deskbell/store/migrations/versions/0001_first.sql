-- The first schema. Text ids of states and kinds are checked here as well as in the domain.

CREATE TABLE installation (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch text NOT NULL DEFAULT md5(random()::text || clock_timestamp()::text),
    setup_token_hash bytea,
    setup_token_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO installation DEFAULT VALUES;

CREATE TABLE staff (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL CHECK (email = lower(email)),
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('agent', 'supervisor', 'admin')),
    password_hash text,
    active boolean NOT NULL DEFAULT true,
    available boolean NOT NULL DEFAULT false,           -- the switch set by hand (PEOPLE-4)
    last_assigned_at timestamptz NOT NULL DEFAULT 'epoch', -- routing ties: who waited longest (LIFE-2)
    max_chats smallint CHECK (max_chats BETWEEN 1 AND 100), -- own maximum (LIFE-3); null: the preference
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX staff_email ON staff (email);

CREATE TABLE department (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    offered boolean NOT NULL DEFAULT true,
    first_line boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX department_name ON department (lower(name));

CREATE TABLE department_staff (
    department_id integer NOT NULL REFERENCES department ON DELETE CASCADE,
    staff_id integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    PRIMARY KEY (department_id, staff_id)
);
CREATE INDEX department_staff_staff ON department_staff (staff_id);

CREATE TABLE session (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    staff_id integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    address text NOT NULL DEFAULT '',
    user_agent text NOT NULL DEFAULT ''
);
CREATE INDEX session_staff ON session (staff_id);

-- A lease per member of staff and node: somebody has a live console there. Renewed in bulk (PEOPLE-4).
CREATE TABLE presence (
    staff_id integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    node text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (staff_id, node)
);

CREATE TABLE node (
    id text PRIMARY KEY,
    seen_at timestamptz NOT NULL
);

CREATE TABLE preference (
    name text PRIMARY KEY,
    value jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by integer REFERENCES staff
);

CREATE TABLE label (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    color text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX label_name ON label (lower(name));

CREATE TABLE site (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    name text NOT NULL,
    active boolean NOT NULL DEFAULT true,
    allowed_origins text[] NOT NULL DEFAULT '{}',       -- exact origins; '*' alone: any
    departments integer[] NOT NULL DEFAULT '{}',        -- empty: every offered one
    look jsonb NOT NULL DEFAULT '{}',
    texts jsonb NOT NULL DEFAULT '{}',
    form jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE customer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL DEFAULT '',
    email text NOT NULL DEFAULT '',
    email_verified boolean NOT NULL DEFAULT false,
    phone text NOT NULL DEFAULT '',
    locale text NOT NULL DEFAULT '',
    fields jsonb NOT NULL DEFAULT '{}',
    last_agent_id integer REFERENCES staff,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- A visitor's browser. The token is opaque, random and stored hashed.
CREATE TABLE browser (
    token_hash bytea PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    site_id integer NOT NULL REFERENCES site,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX browser_customer ON browser (customer_id);

CREATE TABLE conversation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- also its number
    kind text NOT NULL CHECK (kind IN ('chat', 'ticket')),
    state text NOT NULL CHECK (state IN ('queued', 'offered', 'live', 'pending', 'closed', 'unassigned', 'assigned', 'archived')),
    channel text NOT NULL,
    site_id integer REFERENCES site,
    customer_id bigint NOT NULL REFERENCES customer,
    start_id text,                                       -- the client's id of the start, for idempotence
    department_id integer REFERENCES department,
    owner_id integer REFERENCES staff,
    labels integer[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    state_at timestamptz NOT NULL,                       -- in this state since
    queued_at timestamptz,
    queue_told boolean NOT NULL DEFAULT false,           -- routing has looked once and told the customer to wait
    assigned_at timestamptz,
    opened_at timestamptz,                               -- its owner first opened it; null while green (LIST-2)
    closed_at timestamptz,
    closed_by text CHECK (closed_by IN ('customer', 'agent', 'system')),
    closed_by_id integer REFERENCES staff,
    close_reason text,
    last_seq integer NOT NULL DEFAULT 0,
    last_public_seq integer NOT NULL DEFAULT 0,
    last_customer_seq integer NOT NULL DEFAULT 0,
    last_agent_seq integer NOT NULL DEFAULT 0,
    last_customer_at timestamptz,
    last_agent_at timestamptz,
    waiting_since timestamptz,                           -- the oldest customer's message without an answer
    customer_messages integer NOT NULL DEFAULT 0,
    agent_messages integer NOT NULL DEFAULT 0,
    preview text NOT NULL DEFAULT '',
    preview_by text NOT NULL DEFAULT '',
    customer_delivered integer NOT NULL DEFAULT 0,       -- how far the customer's side has received and read
    customer_read integer NOT NULL DEFAULT 0,
    agent_delivered integer NOT NULL DEFAULT 0,          -- and the staff's
    agent_read integer NOT NULL DEFAULT 0,
    CHECK ((state IN ('live', 'pending', 'assigned')) <= (owner_id IS NOT NULL)),
    CHECK ((kind = 'ticket') OR state NOT IN ('unassigned', 'assigned')),
    CHECK ((kind = 'chat') OR state NOT IN ('queued', 'offered', 'live', 'pending'))
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX conversation_start ON conversation (customer_id, start_id) WHERE start_id IS NOT NULL;
CREATE UNIQUE INDEX conversation_one_open_chat ON conversation (customer_id)
    WHERE kind = 'chat' AND state IN ('queued', 'offered', 'live', 'pending');
CREATE INDEX conversation_customer ON conversation (customer_id, id);
CREATE INDEX conversation_owned ON conversation (owner_id, state) WHERE state IN ('live', 'pending', 'offered', 'assigned');
CREATE INDEX conversation_queue ON conversation (queued_at, id) WHERE state = 'queued';
CREATE INDEX conversation_closed_chats ON conversation (closed_at, id) WHERE kind = 'chat' AND state = 'closed';
CREATE INDEX conversation_closed_chats_owner ON conversation (owner_id, closed_at, id) WHERE kind = 'chat' AND state = 'closed';
CREATE INDEX conversation_tickets ON conversation (state, created_at, id) WHERE kind = 'ticket';

-- One numbered line of a thread: 1, 2, 3... per conversation without holes. No foreign key to conversation: the one
-- writing path holds that row locked, and the check would cost a look-up per message on the hot path.
CREATE TABLE entry (
    conversation_id bigint NOT NULL,
    seq integer NOT NULL,
    kind text NOT NULL,
    public boolean NOT NULL,                             -- may the customer see it
    prev_public integer NOT NULL,                        -- the public entry before this one
    author text NOT NULL,
    author_id bigint NOT NULL DEFAULT 0,                 -- staff id or customer id; 0: the system
    client_id text,
    text text NOT NULL DEFAULT '',
    html text,
    data jsonb,                                          -- files of a message; name and values of an event
    at timestamptz NOT NULL,
    read_at timestamptz,                                 -- an agent's message: when the customer read it (CHAT-3)
    PRIMARY KEY (conversation_id, seq)
);
CREATE UNIQUE INDEX entry_client ON entry (conversation_id, author, author_id, client_id) WHERE client_id IS NOT NULL;

-- Somebody was named in a comment and follows the chat until it closes (TEAM-3).
CREATE TABLE mention (
    staff_id integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    conversation_id bigint NOT NULL REFERENCES conversation ON DELETE CASCADE,
    at timestamptz NOT NULL,
    PRIMARY KEY (staff_id, conversation_id)
);

-- How far each member of staff has looked into a conversation: blue dots and unread counts, on all devices alike (LIST-3).
CREATE TABLE seen (
    staff_id integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    conversation_id bigint NOT NULL REFERENCES conversation ON DELETE CASCADE,
    seq integer NOT NULL,
    customer_messages integer NOT NULL,
    PRIMARY KEY (staff_id, conversation_id)
);

CREATE TABLE file (
    id text PRIMARY KEY,                                 -- 32 hex digits, random
    owner text NOT NULL,                                 -- 'customer' or 'agent'
    owner_id bigint NOT NULL,
    conversation_id bigint REFERENCES conversation ON DELETE CASCADE, -- null until a message carries it
    name text NOT NULL,
    size bigint NOT NULL,
    type text NOT NULL,
    width integer,
    height integer,
    preview boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX file_loose ON file (created_at) WHERE conversation_id IS NULL;
CREATE INDEX file_conversation ON file (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX file_owner ON file (owner, owner_id, created_at);               -- what one person uploaded today
