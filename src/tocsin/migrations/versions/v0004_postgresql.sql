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
GRANT SELECT, INSERT, UPDATE, DELETE ON campaign TO tocsin_desk
;;
ALTER TABLE campaign ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE campaign FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON campaign USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE conflict_draft (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    hold_id BIGINT NOT NULL,
    base_revision BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_conflict_draft PRIMARY KEY (merchant_id, order_id)
)
;;
CREATE INDEX ix_conflict_draft_merchant_id_at_us ON conflict_draft (merchant_id, at_us)
;;
CREATE INDEX ix_conflict_draft_merchant_id_person_id ON conflict_draft (merchant_id, person_id)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON conflict_draft TO tocsin_desk
;;
ALTER TABLE conflict_draft ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE conflict_draft FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON conflict_draft USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE connection (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    shop_id BIGINT NOT NULL,
    options TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    sealed_before BYTEA,
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
GRANT SELECT, INSERT, UPDATE, DELETE ON connection TO tocsin_desk
;;
ALTER TABLE connection ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE connection FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON connection USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
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
GRANT SELECT, INSERT, UPDATE, DELETE ON delivery TO tocsin_desk
;;
ALTER TABLE delivery ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE delivery FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON delivery USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
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
GRANT SELECT, INSERT, UPDATE, DELETE ON download_columns TO tocsin_desk
;;
ALTER TABLE download_columns ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE download_columns FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON download_columns USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE erasure (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    orders BIGINT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed BYTEA,
    found TEXT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    done_at_us BIGINT,
    CONSTRAINT pk_erasure PRIMARY KEY (merchant_id, id)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON erasure TO tocsin_desk
;;
ALTER TABLE erasure ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE erasure FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON erasure USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE hook_route (
    token_hash TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    connection_id BIGINT NOT NULL,
    CONSTRAINT pk_hook_route PRIMARY KEY (token_hash)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON hook_route TO tocsin_desk
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
GRANT SELECT, INSERT, UPDATE, DELETE ON import_profile TO tocsin_desk
;;
ALTER TABLE import_profile ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE import_profile FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON import_profile USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
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
GRANT SELECT, INSERT, UPDATE, DELETE ON import_progress TO tocsin_desk
;;
ALTER TABLE import_progress ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE import_progress FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON import_progress USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
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
GRANT SELECT, INSERT, UPDATE, DELETE ON legal_hold TO tocsin_desk
;;
ALTER TABLE legal_hold ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE legal_hold FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON legal_hold USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
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
GRANT SELECT, INSERT, UPDATE, DELETE ON order_editor TO tocsin_desk
;;
ALTER TABLE order_editor ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE order_editor FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON order_editor USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
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
GRANT SELECT, INSERT, UPDATE, DELETE ON outbound_delivery TO tocsin_desk
;;
ALTER TABLE outbound_delivery ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE outbound_delivery FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON outbound_delivery USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE outbound_endpoint (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    sealed BYTEA NOT NULL,
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
GRANT SELECT, INSERT, UPDATE, DELETE ON outbound_endpoint TO tocsin_desk
;;
ALTER TABLE outbound_endpoint ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE outbound_endpoint FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON outbound_endpoint USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
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
GRANT SELECT, INSERT, UPDATE, DELETE ON outbound_message TO tocsin_desk
;;
ALTER TABLE outbound_message ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE outbound_message FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON outbound_message USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE outbound_sequence (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    last BIGINT NOT NULL,
    CONSTRAINT pk_outbound_sequence PRIMARY KEY (merchant_id, order_id)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbound_sequence TO tocsin_desk
;;
ALTER TABLE outbound_sequence ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE outbound_sequence FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON outbound_sequence USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
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
GRANT SELECT, INSERT, UPDATE, DELETE ON platform_request TO tocsin_desk
;;
ALTER TABLE platform_request ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE platform_request FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON platform_request USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
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
GRANT SELECT, INSERT, UPDATE, DELETE ON screen_default TO tocsin_desk
;;
ALTER TABLE screen_default ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE screen_default FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON screen_default USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
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
GRANT SELECT, INSERT, UPDATE, DELETE ON waiting_news TO tocsin_desk
;;
ALTER TABLE waiting_news ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE waiting_news FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON waiting_news USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
GRANT DELETE ON lookup TO tocsin_desk
;;
GRANT UPDATE (sealed_query, query_digest) ON lookup TO tocsin_desk
;;
CREATE POLICY only_old ON lookup AS RESTRICTIVE FOR DELETE USING (at_us < ((extract(epoch FROM now()) - 15811200) * 1000000)::bigint)
;;
CREATE FUNCTION find_orders_by_token(query text, before_id bigint, most bigint) RETURNS SETOF bigint
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off SET enable_indexscan = off AS $$
        SELECT order_id FROM (SELECT merchant_id, order_id FROM order_search WHERE tokens @@ query::tsquery OFFSET 0) hits
        WHERE merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint AND order_id < before_id
        ORDER BY order_id DESC LIMIT most $$
;;
CREATE OR REPLACE FUNCTION find_orders(query text, before_id bigint, most bigint) RETURNS SETOF bigint
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            merchant bigint := nullif(current_setting('tocsin.merchant', true), '')::bigint;
            wanted tsquery := query::tsquery;
            looked bigint := 200;
            hits bigint[];
        BEGIN
            LOOP
                hits := ARRAY(SELECT order_id FROM (
                    SELECT order_id, tokens FROM order_search WHERE merchant_id = merchant AND order_id < before_id
                    ORDER BY order_id DESC LIMIT looked) newest
                    WHERE tokens @@ wanted ORDER BY order_id DESC LIMIT most);
                EXIT WHEN cardinality(hits) = most OR cardinality(hits) < 2 OR looked > 200;
                looked := 400 * most / cardinality(hits);
            END LOOP;
            IF cardinality(hits) = most THEN
                RETURN QUERY SELECT unnest(hits);
            ELSE
                RETURN QUERY SELECT * FROM find_orders_by_token(query, before_id, most);
            END IF;
        END $$
