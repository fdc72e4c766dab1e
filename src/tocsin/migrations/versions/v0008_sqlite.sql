CREATE TABLE first_signature (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    code TEXT NOT NULL,
    mark TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    CONSTRAINT pk_first_signature PRIMARY KEY (merchant_id, order_id, revision, code)
)
;;
CREATE INDEX ix_first_signature_merchant_id_at_us ON first_signature (merchant_id, at_us)
;;
ALTER TABLE intercept ADD COLUMN remote TEXT NOT NULL DEFAULT ''
;;
CREATE INDEX ix_intercept_unknown ON intercept (merchant_id, printer_id, id) WHERE state = 'unknown'
;;
CREATE TABLE printer_identity (
    merchant_id BIGINT NOT NULL,
    printer_id BIGINT NOT NULL,
    identity TEXT NOT NULL,
    place TEXT NOT NULL,
    asked_at_us BIGINT NOT NULL,
    other TEXT NOT NULL,
    rests BIGINT NOT NULL,
    CONSTRAINT pk_printer_identity PRIMARY KEY (merchant_id, printer_id)
)
;;
CREATE TABLE printer_swap (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    old_id BIGINT NOT NULL,
    new_id BIGINT NOT NULL,
    queues TEXT NOT NULL,
    jobs TEXT NOT NULL,
    slips TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    undone_at_us BIGINT NOT NULL,
    CONSTRAINT pk_printer_swap PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_printer_swap_merchant_id_old_id_id ON printer_swap (merchant_id, old_id, id DESC)
