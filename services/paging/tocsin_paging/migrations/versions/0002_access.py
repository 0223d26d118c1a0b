"""People, teams, API tokens, log-ins and their one-use links."""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = """
CREATE TABLE users (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL,
    role text NOT NULL CHECK (role IN ('admin', 'responder', 'viewer')),
    timezone text NOT NULL,
    slack_user_id text,
    password_hash text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE UNIQUE INDEX ux_users_email_key ON users (email_key) WHERE deleted_at IS NULL;

CREATE TABLE teams (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    slug text NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE UNIQUE INDEX ux_teams_slug ON teams (slug) WHERE deleted_at IS NULL;

CREATE TABLE team_members (
    team_id uuid NOT NULL REFERENCES teams (id),
    user_id uuid NOT NULL REFERENCES users (id),
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX ix_team_members_user ON team_members (user_id);

CREATE TABLE api_tokens (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    prefix text NOT NULL,
    digest text NOT NULL,
    scopes text[] NOT NULL,
    owner_id uuid REFERENCES users (id),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    version bigint NOT NULL
);
CREATE UNIQUE INDEX ux_api_tokens_digest ON api_tokens (digest);
CREATE INDEX ix_api_tokens_owner ON api_tokens (owner_id);

CREATE TABLE web_sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    address text NOT NULL,
    user_agent text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX ix_web_sessions_user ON web_sessions (user_id, expires_at);

CREATE TABLE login_links (
    digest text PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE login_attempts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text NOT NULL,
    address text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX ix_login_attempts_account ON login_attempts (account, at);
CREATE INDEX ix_login_attempts_address ON login_attempts (address, at);
CREATE INDEX ix_login_attempts_at ON login_attempts (at);
"""
NAMES = ("login_attempts", "login_links", "web_sessions", "api_tokens", "team_members", "teams", "users")


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for name in NAMES:
        op.execute(f"DROP TABLE {name}")
