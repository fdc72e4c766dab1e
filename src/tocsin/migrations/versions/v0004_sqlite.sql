CREATE TABLE campaign (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    code TEXT NOT NULL,
    starts_at_us BIGINT,
    ends_at_us BIGINT,
    min_group BIGINT NOT NULL,
    per_buyer BIGINT NOT NULL,
    stock TEXT NOT NULL,
    closed BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    CONSTRAINT pk_campaign PRIMARY KEY (merchant_id, id)
)
;;
CREATE UNIQUE INDEX uq_campaign_merchant_id_code ON campaign (merchant_id, code)
;;
CREATE TABLE conflict_draft (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    hold_id BIGINT NOT NULL,
    base_revision BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    sealed BLOB NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_conflict_draft PRIMARY KEY (merchant_id, order_id)
)
;;
CREATE INDEX ix_conflict_draft_merchant_id_at_us ON conflict_draft (merchant_id, at_us)
;;
CREATE INDEX ix_conflict_draft_merchant_id_person_id ON conflict_draft (merchant_id, person_id)
;;
CREATE TABLE connection (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    shop_id BIGINT NOT NULL,
    options TEXT NOT NULL,
    sealed BLOB NOT NULL,
    sealed_before BLOB,
    rotated_at_us BIGINT,
    state TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    last_at_us BIGINT,
    last_result TEXT NOT NULL,
    fault TEXT NOT NULL,
    fault_at_us BIGINT,
    refused BIGINT NOT NULL,
    CONSTRAINT pk_connection PRIMARY KEY (merchant_id, id)
)
;;
CREATE TABLE delivery (
    merchant_id BIGINT NOT NULL,
    connection_id BIGINT NOT NULL,
    delivery_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    result TEXT NOT NULL,
    order_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_delivery PRIMARY KEY (merchant_id, connection_id, delivery_id)
)
;;
CREATE INDEX ix_delivery_merchant_id_connection_id_at_us ON delivery (merchant_id, connection_id, at_us DESC)
;;
CREATE INDEX ix_delivery_merchant_id_at_us ON delivery (merchant_id, at_us)
;;
ALTER TABLE download ADD COLUMN orders BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE download ADD COLUMN columns TEXT NOT NULL DEFAULT ''
;;
CREATE INDEX ix_download_merchant_id_status_done_at_us ON download (merchant_id, status, done_at_us)
;;
CREATE TABLE download_columns (
    merchant_id BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    columns TEXT NOT NULL,
    CONSTRAINT pk_download_columns PRIMARY KEY (merchant_id, actor_id, name)
)
;;
CREATE TABLE erasure (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    orders BIGINT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed BLOB,
    found TEXT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    done_at_us BIGINT,
    CONSTRAINT pk_erasure PRIMARY KEY (merchant_id, id)
)
;;
CREATE TABLE hook_route (
    token_hash TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    connection_id BIGINT NOT NULL,
    CONSTRAINT pk_hook_route PRIMARY KEY (token_hash)
)
;;
ALTER TABLE import_batch ADD COLUMN headings TEXT NOT NULL DEFAULT ''
;;
CREATE TABLE import_profile (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_import_profile PRIMARY KEY (merchant_id, id)
)
;;
CREATE TABLE import_progress (
    merchant_id BIGINT NOT NULL,
    import_id BIGINT NOT NULL,
    alive_us BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    conflicts BIGINT NOT NULL,
    bad_rows BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    CONSTRAINT pk_import_progress PRIMARY KEY (merchant_id, import_id)
)
;;
CREATE TABLE legal_hold (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    by_id BIGINT NOT NULL,
    by_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_legal_hold PRIMARY KEY (merchant_id, order_id)
)
;;
CREATE TABLE order_editor (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    token TEXT NOT NULL,
    since_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    taken_from TEXT NOT NULL,
    CONSTRAINT pk_order_editor PRIMARY KEY (merchant_id, order_id)
)
;;
CREATE INDEX ix_order_editor_merchant_id_until_us ON order_editor (merchant_id, until_us)
;;
ALTER TABLE order_head ADD COLUMN pickup_point TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE order_head ADD COLUMN community TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE order_head ADD COLUMN group_state TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE order_source ADD COLUMN news TEXT NOT NULL DEFAULT ''
;;
CREATE TABLE outbound_delivery (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    endpoint_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    order_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    due_at_us BIGINT NOT NULL,
    sent_at_us BIGINT,
    status BIGINT NOT NULL,
    problem TEXT NOT NULL,
    milliseconds BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_outbound_delivery PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_outbound_delivery_order ON outbound_delivery (merchant_id, endpoint_id, order_id, sequence) WHERE state = 'waiting'
;;
CREATE INDEX ix_outbound_delivery_merchant_id_endpoint_id_id ON outbound_delivery (merchant_id, endpoint_id, id DESC)
;;
CREATE INDEX ix_outbound_delivery_merchant_id_at_us ON outbound_delivery (merchant_id, at_us)
;;
CREATE INDEX ix_outbound_delivery_due ON outbound_delivery (merchant_id, endpoint_id, due_at_us, id) WHERE state = 'waiting'
;;
CREATE UNIQUE INDEX uq_outbound_delivery_merchant_id_endpoint_id_event_id ON outbound_delivery (merchant_id, endpoint_id, event_id)
;;
CREATE TABLE outbound_endpoint (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    sealed BLOB NOT NULL,
    kinds TEXT NOT NULL,
    shops TEXT NOT NULL,
    state TEXT NOT NULL,
    problem TEXT NOT NULL,
    failures BIGINT NOT NULL,
    failing_since_us BIGINT,
    retry_at_us BIGINT NOT NULL,
    leased_until_us BIGINT NOT NULL,
    sent_at_us BIGINT,
    created_at_us BIGINT NOT NULL,
    created_by BIGINT NOT NULL,
    CONSTRAINT pk_outbound_endpoint PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_outbound_endpoint_merchant_id_state_retry_at_us ON outbound_endpoint (merchant_id, state, retry_at_us)
;;
CREATE TABLE outbound_message (
    merchant_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    order_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    body TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_outbound_message PRIMARY KEY (merchant_id, event_id)
)
;;
CREATE INDEX ix_outbound_message_merchant_id_at_us_event_id ON outbound_message (merchant_id, at_us, event_id)
;;
CREATE TABLE outbound_sequence (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    last BIGINT NOT NULL,
    CONSTRAINT pk_outbound_sequence PRIMARY KEY (merchant_id, order_id)
)
;;
CREATE TABLE platform_request (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    part TEXT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    hold_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    by_name TEXT NOT NULL,
    ended_at_us BIGINT NOT NULL,
    ended_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT pk_platform_request PRIMARY KEY (merchant_id, order_id, id)
)
;;
CREATE INDEX ix_quarantine_merchant_id_batch_id_id ON quarantine (merchant_id, batch_id, id)
;;
ALTER TABLE screen ADD COLUMN columns TEXT NOT NULL DEFAULT ''
;;
CREATE TABLE screen_default (
    merchant_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    screen_id BIGINT NOT NULL,
    CONSTRAINT pk_screen_default PRIMARY KEY (merchant_id, operator_id)
)
;;
CREATE TABLE waiting_news (
    merchant_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    shop_id BIGINT NOT NULL,
    external_id TEXT NOT NULL,
    news TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_waiting_news PRIMARY KEY (merchant_id, channel, shop_id, external_id)
)
;;
CREATE INDEX ix_waiting_news_merchant_id_at_us ON waiting_news (merchant_id, at_us)
;;
DROP TRIGGER lookup_no_update
;;
DROP TRIGGER lookup_no_delete
;;
CREATE TRIGGER lookup_no_update BEFORE UPDATE ON lookup WHEN NOT (length(NEW.sealed_query) = 0 AND NEW.query_digest = '' AND NEW.merchant_id IS OLD.merchant_id AND NEW.id IS OLD.id AND NEW.at_us IS OLD.at_us AND NEW.actor_kind IS OLD.actor_kind AND NEW.actor_id IS OLD.actor_id AND NEW.actor_name IS OLD.actor_name AND NEW.door IS OLD.door AND NEW.kind IS OLD.kind AND NEW.purpose IS OLD.purpose AND NEW.count IS OLD.count AND NEW.hits IS OLD.hits) BEGIN SELECT RAISE(ABORT, 'lookup is append-only'); END
;;
CREATE TRIGGER lookup_no_delete BEFORE DELETE ON lookup WHEN OLD.at_us >= (CAST(strftime('%s', 'now') AS INTEGER) - 15811200) * 1000000 BEGIN SELECT RAISE(ABORT, 'lookup is append-only'); END
