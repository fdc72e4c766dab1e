CREATE TABLE account_notice (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    what TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    seen_at_us BIGINT NOT NULL,
    CONSTRAINT pk_account_notice PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_account_notice_merchant_id_operator_id_seen_at_us_id ON account_notice (merchant_id, operator_id, seen_at_us, id DESC)
;;
ALTER TABLE api_key ADD COLUMN suspended_at_us BIGINT NOT NULL DEFAULT 0
;;
CREATE INDEX ix_api_key_merchant_id_created_by ON api_key (merchant_id, created_by)
;;
CREATE TABLE challenge (
    challenge_hash TEXT NOT NULL,
    purpose TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    session_id BIGINT NOT NULL,
    name_digest TEXT NOT NULL,
    device TEXT NOT NULL,
    browser TEXT NOT NULL,
    address TEXT NOT NULL,
    decoy BIGINT NOT NULL,
    state TEXT NOT NULL,
    made_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    CONSTRAINT pk_challenge PRIMARY KEY (challenge_hash)
)
;;
CREATE INDEX ix_challenge_name_digest_made_at_us ON challenge (name_digest, made_at_us)
;;
CREATE INDEX ix_challenge_state_expires_at_us ON challenge (state, expires_at_us)
;;
CREATE INDEX ix_challenge_expires_at_us ON challenge (expires_at_us)
;;
CREATE INDEX ix_challenge_browser_made_at_us ON challenge (browser, made_at_us)
;;
CREATE TABLE command (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    station_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    payload BLOB NOT NULL,
    asked_at_us BIGINT NOT NULL,
    deadline_us BIGINT NOT NULL,
    taken_at_us BIGINT,
    answered_at_us BIGINT,
    answer TEXT NOT NULL,
    progress TEXT NOT NULL,
    CONSTRAINT pk_command PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_command_merchant_id_deadline_us ON command (merchant_id, deadline_us)
;;
CREATE INDEX ix_command_waiting ON command (merchant_id, station_id, id) WHERE taken_at_us IS NULL
;;
CREATE TABLE decoy_name (
    name_key TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    created_by BIGINT NOT NULL,
    CONSTRAINT pk_decoy_name PRIMARY KEY (name_key)
)
;;
CREATE UNIQUE INDEX uq_decoy_name_merchant_id_id ON decoy_name (merchant_id, id)
;;
CREATE TABLE desk (
    token_hash TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    shop_id BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    created_by BIGINT NOT NULL,
    last_seen_us BIGINT NOT NULL,
    revoked_at_us BIGINT,
    CONSTRAINT pk_desk PRIMARY KEY (token_hash)
)
;;
CREATE UNIQUE INDEX uq_desk_merchant_id_id ON desk (merchant_id, id)
;;
CREATE TABLE desk_reader (
    merchant_id BIGINT NOT NULL,
    desk_id BIGINT NOT NULL,
    station_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_desk_reader PRIMARY KEY (merchant_id, desk_id)
)
;;
CREATE TABLE drill (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    by_hand BIGINT NOT NULL,
    incident_id BIGINT NOT NULL,
    raised_at_us BIGINT NOT NULL,
    cleared_at_us BIGINT NOT NULL,
    ended_at_us BIGINT NOT NULL,
    state TEXT NOT NULL,
    links TEXT NOT NULL,
    CONSTRAINT pk_drill PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_drill_merchant_id_id ON drill (merchant_id, id DESC)
;;
CREATE TABLE enrolled_station (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,
    version TEXT NOT NULL,
    address TEXT NOT NULL,
    problem TEXT NOT NULL,
    reader TEXT NOT NULL,
    reader_driver TEXT NOT NULL,
    reader_at_us BIGINT NOT NULL,
    always BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    created_by BIGINT NOT NULL,
    last_seen_us BIGINT NOT NULL,
    left_at_us BIGINT NOT NULL,
    vanished_at_us BIGINT NOT NULL,
    poll BIGINT NOT NULL,
    revoked_at_us BIGINT NOT NULL,
    revoked_by BIGINT NOT NULL,
    CONSTRAINT pk_enrolled_station PRIMARY KEY (merchant_id, id)
)
;;
CREATE TABLE finger (
    merchant_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    station_id BIGINT NOT NULL,
    finger TEXT NOT NULL,
    state TEXT NOT NULL,
    command_id BIGINT NOT NULL,
    made_at_us BIGINT NOT NULL,
    made_by BIGINT NOT NULL,
    made_in BIGINT NOT NULL,
    CONSTRAINT pk_finger PRIMARY KEY (merchant_id, operator_id, station_id, finger)
)
;;
CREATE INDEX ix_finger_merchant_id_station_id ON finger (merchant_id, station_id)
;;
CREATE TABLE finger_attempt (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    secret_hash TEXT NOT NULL,
    nonce_hash TEXT NOT NULL,
    purpose TEXT NOT NULL,
    operator_id BIGINT NOT NULL,
    desk_id BIGINT NOT NULL,
    station_id BIGINT NOT NULL,
    command_id BIGINT NOT NULL,
    session_id BIGINT NOT NULL,
    lease TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    answered_at_us BIGINT NOT NULL,
    said TEXT NOT NULL,
    signature TEXT NOT NULL,
    CONSTRAINT pk_finger_attempt PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_finger_attempt_open ON finger_attempt (merchant_id, desk_id) WHERE state = 'open' OR state = 'stopping'
;;
CREATE INDEX ix_finger_attempt_merchant_id_expires_at_us ON finger_attempt (merchant_id, expires_at_us)
;;
CREATE UNIQUE INDEX uq_finger_attempt_merchant_id_secret_hash ON finger_attempt (merchant_id, secret_hash)
;;
CREATE TABLE incident (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    "key" TEXT NOT NULL,
    level TEXT NOT NULL,
    why TEXT NOT NULL,
    why_data TEXT NOT NULL,
    rules TEXT NOT NULL,
    operator_id BIGINT NOT NULL,
    signals BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    addresses BIGINT NOT NULL,
    raised_at_us BIGINT NOT NULL,
    last_at_us BIGINT NOT NULL,
    counted_at_us BIGINT NOT NULL,
    loud_since_us BIGINT,
    sounded_at_us BIGINT,
    sound_until_us BIGINT NOT NULL,
    rings_at_us BIGINT NOT NULL,
    silenced_at_us BIGINT,
    silenced_by BIGINT NOT NULL,
    silenced_name TEXT NOT NULL,
    acknowledged_at_us BIGINT,
    acknowledged_by BIGINT NOT NULL,
    acknowledged_name TEXT NOT NULL,
    escalated BIGINT NOT NULL,
    escalated_at_us BIGINT,
    cleared_at_us BIGINT,
    cleared_by BIGINT NOT NULL,
    cleared_name TEXT NOT NULL,
    outcome TEXT NOT NULL,
    note TEXT NOT NULL,
    CONSTRAINT pk_incident PRIMARY KEY (merchant_id, id)
)
;;
CREATE UNIQUE INDEX uq_incident_open ON incident (merchant_id, "key") WHERE cleared_at_us IS NULL
;;
CREATE INDEX ix_incident_merchant_id_id ON incident (merchant_id, id DESC)
;;
CREATE INDEX ix_incident_open ON incident (merchant_id, id DESC) WHERE cleared_at_us IS NULL
;;
CREATE TABLE incident_entry (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    incident_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    data TEXT NOT NULL,
    CONSTRAINT pk_incident_entry PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_incident_entry_merchant_id_incident_id_id ON incident_entry (merchant_id, incident_id, id DESC)
;;
CREATE TRIGGER incident_entry_no_update BEFORE UPDATE ON incident_entry BEGIN SELECT RAISE(ABORT, 'incident_entry is append-only'); END
;;
CREATE TRIGGER incident_entry_no_delete BEFORE DELETE ON incident_entry BEGIN SELECT RAISE(ABORT, 'incident_entry is append-only'); END
;;
CREATE TABLE incident_source (
    merchant_id BIGINT NOT NULL,
    incident_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    signals BIGINT NOT NULL,
    last_at_us BIGINT NOT NULL,
    reached BIGINT NOT NULL,
    CONSTRAINT pk_incident_source PRIMARY KEY (merchant_id, incident_id, kind, value)
)
;;
CREATE INDEX ix_incident_source_merchant_id_last_at_us ON incident_source (merchant_id, last_at_us)
;;
CREATE TABLE journal_seal (
    merchant_id BIGINT NOT NULL,
    size BIGINT NOT NULL,
    last_id BIGINT NOT NULL,
    root TEXT NOT NULL,
    edge TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    signature BLOB NOT NULL,
    CONSTRAINT pk_journal_seal PRIMARY KEY (merchant_id, size)
)
;;
CREATE TRIGGER journal_seal_no_update BEFORE UPDATE ON journal_seal BEGIN SELECT RAISE(ABORT, 'journal_seal is append-only'); END
;;
CREATE TRIGGER journal_seal_no_delete BEFORE DELETE ON journal_seal BEGIN SELECT RAISE(ABORT, 'journal_seal is append-only'); END
;;
ALTER TABLE limit_bucket ADD COLUMN account TEXT NOT NULL DEFAULT ''
;;
CREATE INDEX ix_limit_bucket_account ON limit_bucket (account)
;;
CREATE TABLE notice (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    incident_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    what TEXT NOT NULL,
    about TEXT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    problem TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    due_at_us BIGINT NOT NULL,
    sent_at_us BIGINT,
    received_at_us BIGINT,
    CONSTRAINT pk_notice PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_notice_merchant_id_at_us ON notice (merchant_id, at_us)
;;
CREATE INDEX ix_notice_merchant_id_recipient_id_id ON notice (merchant_id, recipient_id, id DESC)
;;
CREATE INDEX ix_notice_merchant_id_incident_id_id ON notice (merchant_id, incident_id, id DESC)
;;
CREATE UNIQUE INDEX uq_notice_merchant_id_recipient_id_event_id_what ON notice (merchant_id, recipient_id, event_id, what)
;;
CREATE INDEX ix_notice_merchant_id_recipient_id_incident_id_id ON notice (merchant_id, recipient_id, incident_id, id DESC)
;;
ALTER TABLE operator ADD COLUMN shops TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE operator ADD COLUMN home_shop_id BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE operator ADD COLUMN hours TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE operator ADD COLUMN places TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE operator ADD COLUMN left_at_us BIGINT NOT NULL DEFAULT 0
;;
CREATE INDEX ix_operator_merchant_id_role ON operator (merchant_id, role)
;;
CREATE INDEX ix_owner_link_merchant_id_made_by ON owner_link (merchant_id, made_by)
;;
CREATE INDEX ix_owner_link_merchant_id_operator_id ON owner_link (merchant_id, operator_id)
;;
CREATE TABLE passkey (
    credential_hash TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    credential_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    algorithm BIGINT NOT NULL,
    sign_count BIGINT NOT NULL,
    backed_up BIGINT NOT NULL,
    name TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    last_used_us BIGINT,
    revoked_at_us BIGINT,
    CONSTRAINT pk_passkey PRIMARY KEY (credential_hash)
)
;;
CREATE INDEX ix_passkey_merchant_id_operator_id_id ON passkey (merchant_id, operator_id, id DESC)
;;
ALTER TABLE password ADD COLUMN strength TEXT NOT NULL DEFAULT ''
;;
CREATE TABLE pin (
    merchant_id BIGINT NOT NULL,
    desk_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    hash TEXT NOT NULL,
    failures BIGINT NOT NULL,
    set_at_us BIGINT NOT NULL,
    CONSTRAINT pk_pin PRIMARY KEY (merchant_id, desk_id, operator_id)
)
;;
CREATE INDEX ix_pin_merchant_id_operator_id ON pin (merchant_id, operator_id)
;;
CREATE TABLE posture (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    state TEXT NOT NULL,
    why TEXT NOT NULL,
    incident_id BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    undo TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_posture PRIMARY KEY (merchant_id, id)
)
;;
CREATE TRIGGER posture_no_update BEFORE UPDATE ON posture BEGIN SELECT RAISE(ABORT, 'posture is append-only'); END
;;
CREATE TRIGGER posture_no_delete BEFORE DELETE ON posture BEGIN SELECT RAISE(ABORT, 'posture is append-only'); END
;;
CREATE TABLE recipient (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    shown TEXT NOT NULL,
    locale TEXT NOT NULL,
    wants TEXT NOT NULL,
    step BIGINT NOT NULL,
    active BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    sealed BLOB NOT NULL,
    digest TEXT NOT NULL,
    tested_notice_id BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    confirmed_at_us BIGINT,
    sent_at_us BIGINT,
    problem TEXT NOT NULL,
    problem_at_us BIGINT,
    created_at_us BIGINT NOT NULL,
    created_by BIGINT NOT NULL,
    CONSTRAINT pk_recipient PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_recipient_merchant_id_operator_id ON recipient (merchant_id, operator_id)
;;
CREATE UNIQUE INDEX uq_recipient_digest ON recipient (merchant_id, operator_id, digest) WHERE removed = 0
;;
CREATE TABLE recovery_code (
    merchant_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    digest TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    used_at_us BIGINT,
    CONSTRAINT pk_recovery_code PRIMARY KEY (merchant_id, operator_id, digest)
)
;;
CREATE TABLE reset_code (
    merchant_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    digest TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    made_by BIGINT NOT NULL,
    CONSTRAINT pk_reset_code PRIMARY KEY (merchant_id, operator_id)
)
;;
CREATE INDEX ix_reset_code_merchant_id_made_by ON reset_code (merchant_id, made_by)
;;
ALTER TABLE session ADD COLUMN proved_at_us BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE session ADD COLUMN method TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE session ADD COLUMN desk_id BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE session ADD COLUMN locked_at_us BIGINT NOT NULL DEFAULT 0
;;
CREATE INDEX ix_session_merchant_id_desk_id_id ON session (merchant_id, desk_id, id DESC)
;;
CREATE TABLE signal (
    id BIGINT NOT NULL,
    merchant_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    operator_id BIGINT NOT NULL,
    name_digest TEXT NOT NULL,
    method TEXT NOT NULL,
    address TEXT NOT NULL,
    address_group TEXT NOT NULL,
    device TEXT NOT NULL,
    outcome TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    incident_id BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    CONSTRAINT pk_signal PRIMARY KEY (id)
)
;;
CREATE INDEX ix_signal_merchant_id_incident_id_id ON signal (merchant_id, incident_id, id DESC)
;;
CREATE INDEX ix_signal_merchant_id_address_group_outcome_id ON signal (merchant_id, address_group, outcome, id DESC)
;;
CREATE INDEX ix_signal_merchant_id_kind_outcome_id ON signal (merchant_id, kind, outcome, id DESC)
;;
CREATE INDEX ix_signal_unseen ON signal (id) WHERE seen = 0
;;
CREATE INDEX ix_signal_merchant_id_operator_id_outcome_id ON signal (merchant_id, operator_id, outcome, id DESC)
;;
CREATE INDEX ix_signal_at_us ON signal (at_us)
;;
CREATE TABLE siren (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    driver TEXT NOT NULL,
    profile TEXT NOT NULL,
    place TEXT NOT NULL,
    station_id BIGINT NOT NULL,
    options TEXT NOT NULL,
    secrets BLOB NOT NULL,
    rank BIGINT NOT NULL,
    backup BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    state TEXT NOT NULL,
    problem TEXT NOT NULL,
    detail TEXT NOT NULL,
    vanished BIGINT NOT NULL,
    state_at_us BIGINT NOT NULL,
    probed_at_us BIGINT NOT NULL,
    sounded_at_us BIGINT NOT NULL,
    test_until_us BIGINT NOT NULL,
    tested_at_us BIGINT NOT NULL,
    night_us BIGINT NOT NULL,
    night_sounded_us BIGINT NOT NULL,
    CONSTRAINT pk_siren PRIMARY KEY (merchant_id, id)
)
;;
CREATE TABLE siren_lease (
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    until_us BIGINT NOT NULL,
    CONSTRAINT pk_siren_lease PRIMARY KEY (name)
)
;;
CREATE TABLE station_code (
    digest TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    made_by BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    used_at_us BIGINT NOT NULL,
    CONSTRAINT pk_station_code PRIMARY KEY (digest)
)
;;
CREATE INDEX ix_station_code_merchant_id_used_at_us ON station_code (merchant_id, used_at_us)
;;
CREATE TABLE station_nonce (
    merchant_id BIGINT NOT NULL,
    station_id BIGINT NOT NULL,
    nonce TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_station_nonce PRIMARY KEY (merchant_id, station_id, nonce)
)
;;
CREATE INDEX ix_station_nonce_merchant_id_at_us ON station_nonce (merchant_id, at_us)
;;
CREATE TABLE undo_item (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    act_id BIGINT NOT NULL,
    act TEXT NOT NULL,
    about_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    subject TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    undone_at_us BIGINT,
    undone_by BIGINT NOT NULL,
    CONSTRAINT pk_undo_item PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_undo_item_merchant_id_act_id_id ON undo_item (merchant_id, act_id, id)
;;
CREATE INDEX ix_undo_item_merchant_id_act_about_id_id ON undo_item (merchant_id, act, about_id, id DESC)
;;
CREATE TABLE usage (
    merchant_id BIGINT NOT NULL,
    who TEXT NOT NULL,
    kind TEXT NOT NULL,
    hour_us BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    told BIGINT NOT NULL,
    CONSTRAINT pk_usage PRIMARY KEY (merchant_id, who, kind, hour_us)
)
