CREATE TABLE tally (
    merchant_id BIGINT NOT NULL,
    dimension TEXT NOT NULL,
    subject TEXT NOT NULL,
    unit BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT pk_tally PRIMARY KEY (merchant_id, dimension, subject, unit, shop_id, name)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON tally TO tocsin_desk
;;
ALTER TABLE tally ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE tally FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON tally USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE tally_part (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    facts BYTEA NOT NULL,
    CONSTRAINT pk_tally_part PRIMARY KEY (merchant_id, order_id)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON tally_part TO tocsin_desk
;;
ALTER TABLE tally_part ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE tally_part FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON tally_part USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE tally_state (
    merchant_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    counted_to BIGINT NOT NULL,
    horizon BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    CONSTRAINT pk_tally_state PRIMARY KEY (merchant_id)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON tally_state TO tocsin_desk
;;
ALTER TABLE tally_state ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE tally_state FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON tally_state USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
