"""People, how they prove who they are, what is owed to them by mail, and what was done."""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    for statement in (PEOPLE, SESSIONS, ONE_TIME_TOKENS, THROTTLES, MAILS, SIGNING_KEYS, AUDIT):
        db.execute_sql(statement)


# A deleted person keeps an id, so that orders and the audit still point somewhere, and nothing else.
PEOPLE = """
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text CHECK (length(email) BETWEEN 3 AND 254),
    name text NOT NULL CHECK (length(name) <= 100),
    role text NOT NULL CHECK (role IN ('customer', 'staff', 'admin')),
    email_verified_at timestamptz,
    disabled_at timestamptz,
    deleted_at timestamptz,
    version integer NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT users_deleted_is_anonymous CHECK (
        CASE WHEN deleted_at IS NULL THEN email IS NOT NULL AND name <> ''
             ELSE email IS NULL AND name = '' AND email_verified_at IS NULL AND role = 'customer'
        END)
);
CREATE UNIQUE INDEX users_email ON users (lower(email) text_pattern_ops);

CREATE TABLE credentials (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    password_hash text NOT NULL CHECK (starts_with(password_hash, '$argon2id$')),
    changed_at timestamptz NOT NULL
);

CREATE TABLE addresses (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    line1 text NOT NULL CHECK (length(line1) BETWEEN 1 AND 200),
    line2 text CHECK (length(line2) BETWEEN 1 AND 200),
    city text NOT NULL CHECK (length(city) BETWEEN 1 AND 100),
    postal_code text NOT NULL CHECK (length(postal_code) BETWEEN 1 AND 20),
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    version integer NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX addresses_of_user ON addresses (user_id, id);
"""

# A session is one family of refresh tokens; at any time at most one of them is unused.
SESSIONS = """
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    started_at timestamptz NOT NULL,
    idle_until timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_because text CHECK (ended_because IN (
        'logged_out', 'token_reused', 'password_changed', 'disabled', 'deleted')),
    CONSTRAINT sessions_idle_within_life CHECK (started_at < idle_until AND idle_until <= expires_at),
    CONSTRAINT sessions_end_has_a_reason CHECK ((ended_at IS NULL) = (ended_because IS NULL))
);
CREATE INDEX sessions_live_of_user ON sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_end ON sessions (least(idle_until, ended_at));

CREATE TABLE refresh_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    issued_at timestamptz NOT NULL,
    used_at timestamptz,
    sealed_successor bytea,
    CONSTRAINT refresh_tokens_used_has_successor CHECK ((used_at IS NULL) = (sealed_successor IS NULL))
);
CREATE UNIQUE INDEX refresh_tokens_one_unused ON refresh_tokens (session_id) WHERE used_at IS NULL;
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);
"""

ONE_TIME_TOKENS = """
CREATE TABLE one_time_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose text NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
    expires_at timestamptz NOT NULL
);
CREATE INDEX one_time_tokens_of_user ON one_time_tokens (user_id, purpose);
CREATE INDEX one_time_tokens_by_expiry ON one_time_tokens (expires_at);
"""

# Buckets are keyed hashes: neither an e-mail nor a network address can be read here.
THROTTLES = """
CREATE TABLE throttles (
    bucket bytea PRIMARY KEY CHECK (octet_length(bucket) = 32),
    used integer NOT NULL CHECK (used >= 0),
    resets_at timestamptz NOT NULL
);
CREATE INDEX throttles_by_reset ON throttles (resets_at);
"""

MAILS = """
CREATE TABLE mails (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN (
        'verify_email', 'already_registered', 'reset_password', 'password_changed')),
    email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    written_at timestamptz NOT NULL,
    attempts integer NOT NULL CHECK (attempts >= 0),
    next_attempt_at timestamptz NOT NULL,
    given_up_at timestamptz,
    last_error text
);
CREATE INDEX mails_due ON mails (next_attempt_at) WHERE given_up_at IS NULL;
"""

SIGNING_KEYS = """
CREATE TABLE signing_keys (
    kid text PRIMARY KEY,
    public_jwk jsonb NOT NULL CHECK (NOT public_jwk ? 'd'),
    sealed_private bytea NOT NULL,
    created_at timestamptz NOT NULL,
    signs_from timestamptz NOT NULL UNIQUE,
    CONSTRAINT signing_keys_published_before_use CHECK (created_at <= signs_from)
);
"""

AUDIT = """
CREATE TABLE audit (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_id uuid,
    action text NOT NULL CHECK (length(action) BETWEEN 1 AND 60),
    subject_id uuid,
    facts jsonb NOT NULL,
    request_id text
);
CREATE INDEX audit_of_subject ON audit (subject_id, id);

CREATE FUNCTION refuse_to_rewrite_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = 'audit is append-only: ' || TG_OP || ' refused';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
"""
