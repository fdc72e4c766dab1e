CREATE TABLE auto_asked (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    screen_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_auto_asked PRIMARY KEY (merchant_id, order_id, revision)
)
;;
CREATE TRIGGER auto_asked_no_update BEFORE UPDATE ON auto_asked BEGIN SELECT RAISE(ABORT, 'auto_asked is append-only'); END
;;
CREATE TRIGGER auto_asked_no_delete BEFORE DELETE ON auto_asked BEGIN SELECT RAISE(ABORT, 'auto_asked is append-only'); END
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
    sealed BLOB NOT NULL,
    test_until_us BIGINT NOT NULL,
    CONSTRAINT pk_printer_key PRIMARY KEY (merchant_id, printer_id)
)
;;
CREATE TABLE ticket_logo (
    merchant_id BIGINT NOT NULL,
    digest TEXT NOT NULL,
    picture BLOB NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT pk_ticket_logo PRIMARY KEY (merchant_id, digest)
)
