-- Transcripts, surveys and how mails go out.

-- A reply waits a little for a customer who may be reading it in the widget (TICKET-9). The version before sends it
-- after the same wait, read or not.
ALTER TABLE letter ADD COLUMN unless_read boolean NOT NULL DEFAULT false;

-- A transcript to be mailed: the messages after `since` up to `seq` (LIFE-13). Not in `letter`: the version before
-- would mail its last entry. due_at is null when it went or was given up (then with its error).
CREATE TABLE transcript (
    conversation_id bigint NOT NULL REFERENCES conversation ON DELETE CASCADE,
    seq integer NOT NULL,                                -- the closing, or the entry that says who asked for it
    since integer NOT NULL,
    asked text NOT NULL CHECK (asked IN ('close', 'customer', 'agent')),
    recipient text NOT NULL,
    created_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    due_at timestamptz,
    done_at timestamptz,
    error text,
    PRIMARY KEY (conversation_id, seq)
);
CREATE INDEX transcript_due ON transcript (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX transcript_recipient ON transcript (recipient, created_at);

-- How was it? Asked once per closing, with the kind of survey that was set then (SUPERVISOR-4).
CREATE TABLE survey (
    conversation_id bigint NOT NULL REFERENCES conversation ON DELETE CASCADE,
    seq integer NOT NULL,                                -- the closing
    kind text NOT NULL CHECK (kind IN ('csat', 'nps')),
    asked_at timestamptz NOT NULL,
    score smallint CHECK (score BETWEEN 0 AND 10),
    comment text NOT NULL DEFAULT '',
    rated_at timestamptz,                                -- first; the answer may be changed for a day from then
    changed_at timestamptz,
    PRIMARY KEY (conversation_id, seq)
);
CREATE INDEX survey_rated ON survey (rated_at) WHERE rated_at IS NOT NULL;

-- What a department's mails are from; empty: the desk's own.
ALTER TABLE department
    ADD COLUMN mail_address text NOT NULL DEFAULT '',
    ADD COLUMN mail_name text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX department_mail_address ON department (lower(mail_address)) WHERE mail_address <> '';
