CREATE TABLE bulk_job (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    act TEXT NOT NULL,
    orders TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    base_url TEXT NOT NULL,
    state TEXT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    fault TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    ended_at_us BIGINT,
    CONSTRAINT pk_bulk_job PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_bulk_job_merchant_id_at_us ON bulk_job (merchant_id, at_us)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON bulk_job TO tocsin_desk
;;
ALTER TABLE bulk_job ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE bulk_job FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON bulk_job USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE bulk_row (
    merchant_id BIGINT NOT NULL,
    job_id BIGINT NOT NULL,
    place BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    number TEXT NOT NULL,
    result TEXT NOT NULL,
    code TEXT NOT NULL,
    told TEXT NOT NULL,
    data TEXT NOT NULL,
    CONSTRAINT pk_bulk_row PRIMARY KEY (merchant_id, job_id, place)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON bulk_row TO tocsin_desk
;;
ALTER TABLE bulk_row ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE bulk_row FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON bulk_row USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
ALTER TABLE campaign ADD COLUMN revision BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE campaign ADD COLUMN before TEXT NOT NULL DEFAULT ''
;;
CREATE TABLE compaction (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    state TEXT NOT NULL,
    left_over TEXT NOT NULL,
    size_before BIGINT NOT NULL,
    size_after BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    due_at_us BIGINT NOT NULL,
    began_at_us BIGINT NOT NULL,
    done_at_us BIGINT NOT NULL,
    CONSTRAINT pk_compaction PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_compaction_merchant_id_state ON compaction (merchant_id, state)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON compaction TO tocsin_desk
;;
ALTER TABLE compaction ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE compaction FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON compaction USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
ALTER TABLE download ADD COLUMN withheld BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE lookup ADD COLUMN fields TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE lookup ADD COLUMN place TEXT NOT NULL DEFAULT ''
;;
ALTER TABLE lookup ADD COLUMN states BYTEA
;;
ALTER TABLE lookup ADD COLUMN of_id BIGINT NOT NULL DEFAULT 0
;;
CREATE INDEX ix_lookup_merchant_id_door_id ON lookup (merchant_id, door, id DESC)
;;
CREATE INDEX ix_lookup_merchant_id_query_digest_id ON lookup (merchant_id, query_digest, id DESC)
;;
CREATE INDEX ix_lookup_file ON lookup (merchant_id, id DESC) WHERE of_id > 0
;;
CREATE TABLE lookup_shop (
    merchant_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    lookup_id BIGINT NOT NULL,
    CONSTRAINT pk_lookup_shop PRIMARY KEY (merchant_id, shop_id, lookup_id)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON lookup_shop TO tocsin_desk
;;
ALTER TABLE lookup_shop ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE lookup_shop FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON lookup_shop USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE lookup_span (
    merchant_id BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    lookup_id BIGINT NOT NULL,
    low BIGINT NOT NULL,
    high BIGINT NOT NULL,
    count BIGINT NOT NULL,
    hits BYTEA NOT NULL,
    CONSTRAINT pk_lookup_span PRIMARY KEY (merchant_id, bucket, lookup_id, low)
)
;;
CREATE INDEX ix_lookup_span_merchant_id_lookup_id ON lookup_span (merchant_id, lookup_id)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON lookup_span TO tocsin_desk
;;
ALTER TABLE lookup_span ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE lookup_span FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON lookup_span USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE INDEX ix_order_head_merchant_id_community_id ON order_head (merchant_id, community, id DESC)
;;
CREATE INDEX ix_order_head_merchant_id_payment_id_desk_state_fulfilment_h ON order_head (merchant_id, payment, id DESC, desk_state, fulfilment, holds_open)
;;
CREATE INDEX ix_order_head_merchant_id_pickup_point_id ON order_head (merchant_id, pickup_point, id DESC)
;;
CREATE INDEX ix_order_head_merchant_id_desk_state_id_payment_fulfilment_h ON order_head (merchant_id, desk_state, id DESC, payment, fulfilment, holds_open)
;;
CREATE INDEX ix_order_head_merchant_id_fulfilment_id_desk_state_payment_h ON order_head (merchant_id, fulfilment, id DESC, desk_state, payment, holds_open)
;;
CREATE TABLE own_columns (
    merchant_id BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    columns TEXT NOT NULL,
    CONSTRAINT pk_own_columns PRIMARY KEY (merchant_id, operator_id)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON own_columns TO tocsin_desk
;;
ALTER TABLE own_columns ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE own_columns FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON own_columns USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE second_ask (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    act TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_kind TEXT NOT NULL,
    asked_by BIGINT NOT NULL,
    asked_name TEXT NOT NULL,
    maker_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    state TEXT NOT NULL,
    decided_by BIGINT NOT NULL,
    decided_name TEXT NOT NULL,
    decided_at_us BIGINT,
    until_us BIGINT NOT NULL,
    CONSTRAINT pk_second_ask PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_second_ask_merchant_id_state_id ON second_ask (merchant_id, state, id DESC)
;;
CREATE INDEX ix_second_ask_merchant_id_asked_by_id ON second_ask (merchant_id, asked_by, id DESC)
;;
CREATE INDEX ix_second_ask_merchant_id_order_id_id ON second_ask (merchant_id, order_id, id DESC)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON second_ask TO tocsin_desk
;;
ALTER TABLE second_ask ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE second_ask FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON second_ask USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE watch (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    order_id BIGINT NOT NULL,
    phone_digest TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    reason TEXT NOT NULL,
    by_id BIGINT NOT NULL,
    by_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    CONSTRAINT pk_watch PRIMARY KEY (merchant_id, id)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON watch TO tocsin_desk
;;
ALTER TABLE watch ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE watch FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON watch USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
DROP INDEX IF EXISTS ix_order_head_merchant_id_desk_state_id
;;
DROP INDEX IF EXISTS ix_order_head_merchant_id_payment_id
;;
DROP INDEX IF EXISTS ix_order_head_merchant_id_fulfilment_id
