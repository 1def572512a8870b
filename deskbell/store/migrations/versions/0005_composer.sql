-- Canned replies (CHAT-10): shared ones have no owner; departments none: for everybody.
CREATE TABLE canned_reply (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id integer REFERENCES staff ON DELETE CASCADE, -- whose own it is; null: shared
    shortcut text NOT NULL,
    text text NOT NULL,
    html text,                                           -- null: without formats
    departments integer[] NOT NULL DEFAULT '{}',         -- of shared ones: whose agents use it
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX canned_reply_shortcut ON canned_reply (COALESCE(owner_id, 0), lower(shortcut));
