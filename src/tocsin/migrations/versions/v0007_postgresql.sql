CREATE TABLE auto_asked (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    screen_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_auto_asked PRIMARY KEY (merchant_id, order_id, revision)
)
;;
GRANT SELECT, INSERT ON auto_asked TO tocsin_desk
;;
ALTER TABLE auto_asked ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE auto_asked FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON auto_asked USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE auto_print (
    merchant_id BIGINT NOT NULL,
    screen_id BIGINT NOT NULL,
    since_us BIGINT NOT NULL,
    since_id BIGINT NOT NULL,
    by_id BIGINT NOT NULL,
    by_name TEXT NOT NULL,
    CONSTRAINT pk_auto_print PRIMARY KEY (merchant_id, screen_id)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON auto_print TO tocsin_desk
;;
ALTER TABLE auto_print ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE auto_print FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON auto_print USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
ALTER TABLE hold ADD COLUMN told_at_us BIGINT
;;
ALTER TABLE print_job ADD COLUMN replaces BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE print_job ADD COLUMN answer_by_us BIGINT NOT NULL DEFAULT 0
;;
CREATE TABLE printer_key (
    merchant_id BIGINT NOT NULL,
    printer_id BIGINT NOT NULL,
    secret_hash TEXT NOT NULL,
    earlier_hash TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    test_until_us BIGINT NOT NULL,
    CONSTRAINT pk_printer_key PRIMARY KEY (merchant_id, printer_id)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON printer_key TO tocsin_desk
;;
ALTER TABLE printer_key ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE printer_key FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON printer_key USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
;;
CREATE TABLE ticket_logo (
    merchant_id BIGINT NOT NULL,
    digest TEXT NOT NULL,
    picture BYTEA NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_ticket_logo PRIMARY KEY (merchant_id, digest)
)
;;
GRANT SELECT, INSERT, UPDATE, DELETE ON ticket_logo TO tocsin_desk
;;
ALTER TABLE ticket_logo ENABLE ROW LEVEL SECURITY
;;
ALTER TABLE ticket_logo FORCE ROW LEVEL SECURITY
;;
CREATE POLICY own_merchant ON ticket_logo USING (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint) WITH CHECK (merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint)
