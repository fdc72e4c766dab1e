CREATE TABLE acknowledgement (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    code TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    CONSTRAINT pk_acknowledgement PRIMARY KEY (merchant_id, order_id, revision, code)
)
;;
CREATE TABLE api_key (
    key_hash TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_by BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    last_used_us BIGINT,
    revoked_at_us BIGINT,
    CONSTRAINT pk_api_key PRIMARY KEY (key_hash)
)
;;
CREATE UNIQUE INDEX uq_api_key_merchant_id_id ON api_key (merchant_id, id)
;;
CREATE TABLE attempt (
    id BIGSERIAL NOT NULL,
    name_digest TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    address TEXT NOT NULL,
    known_device BIGINT NOT NULL,
    method TEXT NOT NULL,
    outcome TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_attempt PRIMARY KEY (id)
)
;;
CREATE INDEX ix_attempt_at_us ON attempt (at_us)
;;
CREATE INDEX ix_attempt_merchant_id_operator_id_id ON attempt (merchant_id, operator_id, id DESC)
;;
CREATE TABLE batch (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    items TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    count BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_batch PRIMARY KEY (merchant_id, id)
)
;;
CREATE TABLE download (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    filter TEXT NOT NULL,
    real BIGINT NOT NULL,
    reason TEXT NOT NULL,
    status TEXT NOT NULL,
    rows BIGINT NOT NULL,
    total BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    path TEXT NOT NULL,
    fault TEXT NOT NULL,
    lookup_id BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    done_at_us BIGINT,
    CONSTRAINT pk_download PRIMARY KEY (merchant_id, id)
)
;;
CREATE TABLE event (
    id BIGSERIAL NOT NULL,
    horizon BIGINT DEFAULT 0 NOT NULL,
    merchant_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    data TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_event PRIMARY KEY (id)
)
;;
CREATE INDEX ix_event_horizon_id ON event (horizon, id)
;;
CREATE INDEX ix_event_merchant_id ON event (merchant_id, horizon, id)
;;
CREATE TABLE event_consumer (
    name TEXT NOT NULL,
    horizon BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    CONSTRAINT pk_event_consumer PRIMARY KEY (name)
)
;;
CREATE TABLE hold (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    findings TEXT NOT NULL,
    job_id BIGINT,
    copy TEXT NOT NULL,
    since_us BIGINT NOT NULL,
    by_id BIGINT NOT NULL,
    by_name TEXT NOT NULL,
    until_us BIGINT,
    closed_at_us BIGINT,
    closed_by TEXT NOT NULL,
    closed_reason TEXT NOT NULL,
    CONSTRAINT pk_hold PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_hold_merchant_id_order_id_id ON hold (merchant_id, order_id, id DESC)
;;
CREATE INDEX ix_hold_open_kind ON hold (merchant_id, kind, order_id DESC) WHERE closed_at_us IS NULL
;;
CREATE INDEX ix_hold_open_order ON hold (merchant_id, order_id, id) WHERE closed_at_us IS NULL
;;
CREATE TABLE idempotency (
    merchant_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    route TEXT NOT NULL,
    body_digest TEXT NOT NULL,
    status BIGINT NOT NULL,
    answer BYTEA,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_idempotency PRIMARY KEY (merchant_id, key)
)
;;
CREATE INDEX ix_idempotency_merchant_id_at_us ON idempotency (merchant_id, at_us)
;;
CREATE TABLE import_batch (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    filename TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    importer TEXT NOT NULL,
    options TEXT NOT NULL,
    status TEXT NOT NULL,
    orders BIGINT NOT NULL,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    conflicts BIGINT NOT NULL,
    bad_rows BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    done_at_us BIGINT,
    sealed_file BYTEA,
    CONSTRAINT pk_import_batch PRIMARY KEY (merchant_id, id)
)
;;
CREATE TABLE job (
    id BIGSERIAL NOT NULL,
    merchant_id BIGINT NOT NULL,
    task TEXT NOT NULL,
    payload TEXT NOT NULL,
    lock TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at_us BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    worker TEXT NOT NULL,
    fault TEXT NOT NULL,
    CONSTRAINT pk_job PRIMARY KEY (id)
)
;;
CREATE INDEX ix_job_merchant_id_lock ON job (merchant_id, lock)
;;
CREATE INDEX ix_job_state_due_at_us ON job (state, due_at_us)
;;
CREATE TABLE journal (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    verb TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL,
    CONSTRAINT pk_journal PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_journal_merchant_id_actor_id_id ON journal (merchant_id, actor_id, id DESC)
;;
CREATE INDEX ix_journal_merchant_id_subject_id ON journal (merchant_id, subject, id DESC)
;;
CREATE TABLE known_device (
    device_hash TEXT NOT NULL,
    name_digest TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    last_seen_us BIGINT NOT NULL,
    CONSTRAINT pk_known_device PRIMARY KEY (device_hash, name_digest)
)
;;
CREATE TABLE limit_bucket (
    name TEXT NOT NULL,
    failures BIGINT NOT NULL,
    since_us BIGINT NOT NULL,
    locked_until_us BIGINT NOT NULL,
    lease_id BIGINT NOT NULL,
    lease_until_us BIGINT NOT NULL,
    touched_at_us BIGINT NOT NULL,
    CONSTRAINT pk_limit_bucket PRIMARY KEY (name)
)
;;
CREATE INDEX ix_limit_bucket_touched_at_us ON limit_bucket (touched_at_us)
;;
CREATE TABLE lookup (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    door TEXT NOT NULL,
    kind TEXT NOT NULL,
    purpose TEXT NOT NULL,
    query_digest TEXT NOT NULL,
    sealed_query BYTEA NOT NULL,
    count BIGINT NOT NULL,
    hits BYTEA NOT NULL,
    CONSTRAINT pk_lookup PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_lookup_merchant_id_actor_id_id ON lookup (merchant_id, actor_id, id DESC)
;;
CREATE TABLE lookup_mark (
    merchant_id BIGSERIAL NOT NULL,
    indexed_to BIGINT NOT NULL,
    CONSTRAINT pk_lookup_mark PRIMARY KEY (merchant_id)
)
;;
CREATE TABLE lookup_order (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    lookup_id BIGINT NOT NULL,
    CONSTRAINT pk_lookup_order PRIMARY KEY (merchant_id, order_id, lookup_id)
)
;;
CREATE TABLE merchant (
    id BIGSERIAL NOT NULL,
    name TEXT NOT NULL,
    demo BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    CONSTRAINT pk_merchant PRIMARY KEY (id)
)
;;
CREATE TABLE merchant_key (
    merchant_id BIGSERIAL NOT NULL,
    wrapped_key BYTEA NOT NULL,
    CONSTRAINT pk_merchant_key PRIMARY KEY (merchant_id)
)
;;
CREATE TABLE node_lease (
    node BIGSERIAL NOT NULL,
    holder TEXT NOT NULL,
    until_us BIGINT NOT NULL,
    CONSTRAINT pk_node_lease PRIMARY KEY (node)
)
;;
CREATE TABLE number_counter (
    merchant_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    day TEXT NOT NULL,
    last BIGINT NOT NULL,
    CONSTRAINT pk_number_counter PRIMARY KEY (merchant_id, shop_id, day)
)
;;
CREATE TABLE operator (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL,
    active BIGINT NOT NULL,
    locale TEXT NOT NULL,
    zone TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    created_by BIGINT NOT NULL,
    CONSTRAINT pk_operator PRIMARY KEY (merchant_id, id)
)
;;
CREATE TABLE order_finding (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    code TEXT NOT NULL,
    level TEXT NOT NULL,
    field TEXT NOT NULL,
    data TEXT NOT NULL,
    CONSTRAINT pk_order_finding PRIMARY KEY (merchant_id, order_id, position)
)
;;
CREATE INDEX ix_order_finding_merchant_id_code_order_id ON order_finding (merchant_id, code, order_id DESC)
;;
CREATE TABLE order_head (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    number TEXT NOT NULL,
    revision BIGINT NOT NULL,
    channel TEXT NOT NULL,
    external_id TEXT NOT NULL,
    external_status TEXT NOT NULL,
    status_known BIGINT NOT NULL,
    desk_state TEXT NOT NULL,
    payment TEXT NOT NULL,
    payment_method TEXT NOT NULL,
    fulfilment TEXT NOT NULL,
    delivery TEXT NOT NULL,
    campaign TEXT NOT NULL,
    currency TEXT NOT NULL,
    payable_minor BIGINT NOT NULL,
    paid_minor BIGINT,
    placed_at_us BIGINT NOT NULL,
    paid_at_us BIGINT,
    produced_at_us BIGINT NOT NULL,
    receiver_name TEXT NOT NULL,
    receiver_phone TEXT NOT NULL,
    summary TEXT NOT NULL,
    holds_open BIGINT NOT NULL,
    checked TEXT NOT NULL,
    CONSTRAINT pk_order_head PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_order_head_held ON order_head (merchant_id, id DESC) WHERE holds_open > 0
;;
CREATE INDEX ix_order_head_merchant_id_campaign_id ON order_head (merchant_id, campaign, id DESC)
;;
CREATE INDEX ix_order_head_merchant_id_desk_state_id ON order_head (merchant_id, desk_state, id DESC)
;;
CREATE INDEX ix_order_head_merchant_id_fulfilment_id ON order_head (merchant_id, fulfilment, id DESC)
;;
CREATE INDEX ix_order_head_merchant_id_number ON order_head (merchant_id, number)
;;
CREATE INDEX ix_order_head_merchant_id_payable_minor_id ON order_head (merchant_id, payable_minor, id DESC)
;;
CREATE INDEX ix_order_head_merchant_id_payment_id ON order_head (merchant_id, payment, id DESC)
;;
CREATE INDEX ix_order_head_merchant_id_placed_at_us_id ON order_head (merchant_id, placed_at_us DESC, id DESC)
;;
CREATE TABLE order_line (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    line_id TEXT NOT NULL,
    sku TEXT NOT NULL,
    title TEXT NOT NULL,
    spec TEXT NOT NULL,
    unit TEXT NOT NULL,
    quantity_micro BIGINT NOT NULL,
    unit_price_micro BIGINT NOT NULL,
    discount_minor BIGINT NOT NULL,
    total_minor BIGINT,
    gift BIGINT NOT NULL,
    CONSTRAINT pk_order_line PRIMARY KEY (merchant_id, order_id, revision, position)
)
;;
CREATE TABLE order_number (
    merchant_id BIGINT NOT NULL,
    number TEXT NOT NULL,
    order_id BIGINT NOT NULL,
    CONSTRAINT pk_order_number PRIMARY KEY (merchant_id, number)
)
;;
CREATE TABLE order_revision (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    party_version BIGINT NOT NULL,
    body TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    computed_goods_minor BIGINT NOT NULL,
    computed_payable_minor BIGINT NOT NULL,
    reason TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_order_revision PRIMARY KEY (merchant_id, order_id, revision)
)
;;
CREATE TABLE order_source (
    merchant_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    shop_id BIGINT NOT NULL,
    external_id TEXT NOT NULL,
    order_id BIGINT NOT NULL,
    content_digest TEXT NOT NULL,
    axes TEXT NOT NULL,
    version_us BIGINT,
    source_revision BIGINT NOT NULL,
    CONSTRAINT pk_order_source PRIMARY KEY (merchant_id, channel, shop_id, external_id)
)
;;
CREATE TABLE owner_link (
    token_hash TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    used_at_us BIGINT,
    CONSTRAINT pk_owner_link PRIMARY KEY (token_hash)
)
;;
CREATE TABLE party (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    masked TEXT NOT NULL,
    digest TEXT NOT NULL,
    receiver_digest TEXT NOT NULL,
    CONSTRAINT pk_party PRIMARY KEY (merchant_id, order_id, version)
)
;;
CREATE INDEX ix_party_merchant_id_person_id ON party (merchant_id, person_id)
;;
CREATE INDEX ix_party_merchant_id_receiver_digest_order_id ON party (merchant_id, receiver_digest, order_id)
;;
CREATE TABLE password (
    merchant_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    hash TEXT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    CONSTRAINT pk_password PRIMARY KEY (merchant_id, operator_id)
)
;;
CREATE TABLE person (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    phone_digest TEXT,
    wrapped_key BYTEA,
    erased_at_us BIGINT,
    CONSTRAINT pk_person PRIMARY KEY (merchant_id, id)
)
;;
CREATE UNIQUE INDEX uq_person_merchant_id_phone_digest ON person (merchant_id, phone_digest)
;;
CREATE TABLE preference (
    merchant_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    box TEXT NOT NULL,
    revision BIGINT NOT NULL,
    value TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    CONSTRAINT pk_preference PRIMARY KEY (merchant_id, shop_id, box, revision)
)
;;
CREATE TABLE print_job (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    printer_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    copy TEXT NOT NULL,
    serial TEXT NOT NULL,
    reprint_no BIGINT NOT NULL,
    amended_from BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    sealed_content BYTEA NOT NULL,
    content_digest TEXT NOT NULL,
    verdict_id BIGINT NOT NULL,
    asked_by BIGINT NOT NULL,
    asked_name TEXT NOT NULL,
    asked_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    started_at_us BIGINT,
    ended_at_us BIGINT,
    outcome TEXT NOT NULL,
    settled_by TEXT NOT NULL,
    CONSTRAINT pk_print_job PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_print_job_merchant_id_batch_id ON print_job (merchant_id, batch_id)
;;
CREATE INDEX ix_print_job_merchant_id_order_id_id ON print_job (merchant_id, order_id, id DESC)
;;
CREATE INDEX ix_print_job_merchant_id_state_id ON print_job (merchant_id, state, id)
;;
CREATE INDEX ix_print_job_waiting ON print_job (merchant_id, printer_id, id) WHERE state = 'queued' OR state = 'sending'
;;
CREATE TABLE printer (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    options TEXT NOT NULL,
    station TEXT NOT NULL,
    paper_mm BIGINT NOT NULL,
    locale TEXT NOT NULL,
    copies TEXT NOT NULL,
    paused BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    status TEXT NOT NULL,
    seen_at_us BIGINT,
    CONSTRAINT pk_printer PRIMARY KEY (merchant_id, id)
)
;;
CREATE TABLE quarantine (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    row BIGINT NOT NULL,
    field TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    data TEXT NOT NULL,
    sealed_raw BYTEA NOT NULL,
    status TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_quarantine PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_quarantine_merchant_id_status_id ON quarantine (merchant_id, status, id DESC)
;;
CREATE TABLE screen (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    owner_id BIGINT NOT NULL,
    shared BIGINT NOT NULL,
    filter TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_screen PRIMARY KEY (merchant_id, id)
)
;;
CREATE TABLE serial_counter (
    merchant_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    day TEXT NOT NULL,
    last BIGINT NOT NULL,
    CONSTRAINT pk_serial_counter PRIMARY KEY (merchant_id, shop_id, day)
)
;;
CREATE TABLE session (
    token_hash TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    last_seen_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    device TEXT NOT NULL,
    address TEXT NOT NULL,
    ended_at_us BIGINT,
    ended_reason TEXT NOT NULL,
    CONSTRAINT pk_session PRIMARY KEY (token_hash)
)
;;
CREATE INDEX ix_session_merchant_id_operator_id_id ON session (merchant_id, operator_id, id DESC)
;;
CREATE TABLE shop (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    day_starts_at_hour BIGINT NOT NULL,
    CONSTRAINT pk_shop PRIMARY KEY (merchant_id, id)
)
;;
CREATE UNIQUE INDEX uq_shop_merchant_id_code ON shop (merchant_id, code)
;;
CREATE TABLE sign_in_name (
    name_key TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    CONSTRAINT pk_sign_in_name PRIMARY KEY (name_key)
)
;;
CREATE UNIQUE INDEX uq_sign_in_name_merchant_id_operator_id ON sign_in_name (merchant_id, operator_id)
;;
CREATE TABLE station (
    merchant_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    leased_until_us BIGINT NOT NULL,
    CONSTRAINT pk_station PRIMARY KEY (merchant_id, name)
)
;;
CREATE TABLE ticket_code (
    code_digest TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    job_id BIGINT NOT NULL,
    CONSTRAINT pk_ticket_code PRIMARY KEY (code_digest)
)
;;
CREATE INDEX ix_ticket_code_merchant_id_job_id ON ticket_code (merchant_id, job_id)
;;
CREATE TABLE verdict (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    job_id BIGINT,
    content_hash TEXT NOT NULL,
    axes TEXT NOT NULL,
    passed BIGINT NOT NULL,
    findings TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_verdict PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_verdict_merchant_id_job_id ON verdict (merchant_id, job_id)
;;
CREATE INDEX ix_verdict_merchant_id_order_id_id ON verdict (merchant_id, order_id, id DESC)
;;
ALTER TABLE event ALTER horizon SET DEFAULT pg_current_xact_id()::text::bigint
;;
CREATE TABLE order_search (merchant_id bigint NOT NULL, order_id bigint NOT NULL, tokens tsvector NOT NULL, PRIMARY KEY (merchant_id, order_id))
;;
CREATE INDEX ix_order_search_tokens ON order_search USING gin (tokens) WITH (fastupdate = off)
;;
-- Row-level security keeps an operator that is not leakproof (@@ is none) from using its index: a
-- search would read all merchants' rows. So this function of the owner searches, within the
-- transaction's merchant, whatever it is asked; OFFSET 0 leaves it no other index than that of tokens.
CREATE FUNCTION find_orders(query text, before_id bigint, most bigint) RETURNS SETOF bigint
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off SET enable_indexscan = off AS $$
        SELECT order_id FROM (SELECT merchant_id, order_id FROM order_search WHERE tokens @@ query::tsquery OFFSET 0) hits
        WHERE merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint AND order_id < before_id
        ORDER BY order_id DESC LIMIT most $$
;;
DO $$ BEGIN CREATE ROLE tocsin_desk NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; GRANT tocsin_desk TO CURRENT_USER; GRANT USAGE ON SCHEMA public TO tocsin_desk
;;
GRANT SELECT, INSERT ON acknowledgement TO tocsin_desk
;;
ALTER TABLE acknowledgement ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE acknowledgement FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON acknowledgement USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON api_key TO tocsin_desk
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON attempt TO tocsin_desk
;;
GRANT SELECT, INSERT ON batch TO tocsin_desk
;;
ALTER TABLE batch ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE batch FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON batch USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON download TO tocsin_desk
;;
ALTER TABLE download ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE download FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON download USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON event TO tocsin_desk
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON event_consumer TO tocsin_desk
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON hold TO tocsin_desk
;;
ALTER TABLE hold ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE hold FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON hold USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO tocsin_desk
;;
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON idempotency USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON import_batch TO tocsin_desk
;;
ALTER TABLE import_batch ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE import_batch FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON import_batch USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON job TO tocsin_desk
;;
GRANT SELECT, INSERT ON journal TO tocsin_desk
;;
ALTER TABLE journal ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE journal FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON journal USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON known_device TO tocsin_desk
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON limit_bucket TO tocsin_desk
;;
GRANT SELECT, INSERT ON lookup TO tocsin_desk
;;
ALTER TABLE lookup ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE lookup FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON lookup USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON lookup_mark TO tocsin_desk
;;
ALTER TABLE lookup_mark ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE lookup_mark FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON lookup_mark USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON lookup_order TO tocsin_desk
;;
ALTER TABLE lookup_order ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE lookup_order FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON lookup_order USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON merchant TO tocsin_desk
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON merchant_key TO tocsin_desk
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON node_lease TO tocsin_desk
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON number_counter TO tocsin_desk
;;
ALTER TABLE number_counter ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE number_counter FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON number_counter USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON operator TO tocsin_desk
;;
ALTER TABLE operator ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE operator FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON operator USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON order_finding TO tocsin_desk
;;
ALTER TABLE order_finding ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE order_finding FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON order_finding USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON order_head TO tocsin_desk
;;
ALTER TABLE order_head ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE order_head FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON order_head USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT ON order_line TO tocsin_desk
;;
ALTER TABLE order_line ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE order_line FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON order_line USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON order_number TO tocsin_desk
;;
ALTER TABLE order_number ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE order_number FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON order_number USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT ON order_revision TO tocsin_desk
;;
ALTER TABLE order_revision ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE order_revision FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON order_revision USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON order_source TO tocsin_desk
;;
ALTER TABLE order_source ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE order_source FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON order_source USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON owner_link TO tocsin_desk
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON party TO tocsin_desk
;;
ALTER TABLE party ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE party FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON party USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON password TO tocsin_desk
;;
ALTER TABLE password ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE password FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON password USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON person TO tocsin_desk
;;
ALTER TABLE person ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE person FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON person USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON preference TO tocsin_desk
;;
ALTER TABLE preference ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE preference FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON preference USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON print_job TO tocsin_desk
;;
ALTER TABLE print_job ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE print_job FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON print_job USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON printer TO tocsin_desk
;;
ALTER TABLE printer ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE printer FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON printer USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON quarantine TO tocsin_desk
;;
ALTER TABLE quarantine ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE quarantine FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON quarantine USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON screen TO tocsin_desk
;;
ALTER TABLE screen ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE screen FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON screen USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON serial_counter TO tocsin_desk
;;
ALTER TABLE serial_counter ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE serial_counter FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON serial_counter USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON session TO tocsin_desk
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON shop TO tocsin_desk
;;
ALTER TABLE shop ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE shop FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON shop USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_name TO tocsin_desk
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON station TO tocsin_desk
;;
ALTER TABLE station ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE station FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON station USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON ticket_code TO tocsin_desk
;;
GRANT SELECT, INSERT ON verdict TO tocsin_desk
;;
ALTER TABLE verdict ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE verdict FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON verdict USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tocsin_desk
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON order_search TO tocsin_desk
;;
ALTER TABLE order_search ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE order_search FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON order_search USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
ALTER TABLE order_search NO FORCE ROW LEVEL SECURITY
;;
REVOKE ALL ON FUNCTION find_orders(text, bigint, bigint) FROM PUBLIC
;;
GRANT EXECUTE ON FUNCTION find_orders(text, bigint, bigint) TO tocsin_desk
