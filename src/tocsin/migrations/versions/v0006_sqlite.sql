CREATE TABLE hand_over (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    job_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    copy TEXT NOT NULL,
    serial TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    by_id BIGINT NOT NULL,
    by_name TEXT NOT NULL,
    CONSTRAINT pk_hand_over PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_hand_over_merchant_id_order_id_id ON hand_over (merchant_id, order_id, id DESC)
;;
CREATE TRIGGER hand_over_no_update BEFORE UPDATE ON hand_over BEGIN SELECT RAISE(ABORT, 'hand_over is append-only'); END
;;
CREATE TRIGGER hand_over_no_delete BEFORE DELETE ON hand_over BEGIN SELECT RAISE(ABORT, 'hand_over is append-only'); END
;;
CREATE TABLE intercept (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    job_id BIGINT NOT NULL,
    printer_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    tries BIGINT NOT NULL,
    due_us BIGINT NOT NULL,
    asked_at_us BIGINT NOT NULL,
    ended_at_us BIGINT,
    pulled_by TEXT NOT NULL,
    CONSTRAINT pk_intercept PRIMARY KEY (merchant_id, id)
)
;;
CREATE INDEX ix_intercept_waiting ON intercept (merchant_id, printer_id, id) WHERE state = 'queued' OR state = 'sending'
;;
CREATE INDEX ix_intercept_merchant_id_order_id_id ON intercept (merchant_id, order_id, id)
;;
ALTER TABLE print_job ADD COLUMN queue_id BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE print_job ADD COLUMN part_id BIGINT NOT NULL DEFAULT 0
;;
CREATE INDEX ix_print_job_merchant_id_queue_id_id ON print_job (merchant_id, queue_id, id DESC)
;;
CREATE TABLE print_queue (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    shop_id BIGINT NOT NULL,
    printer_id BIGINT NOT NULL,
    backup_id BIGINT NOT NULL,
    backup_minutes BIGINT NOT NULL,
    copies TEXT NOT NULL,
    takes TEXT NOT NULL,
    own_lines BIGINT NOT NULL,
    paused BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    CONSTRAINT pk_print_queue PRIMARY KEY (merchant_id, id)
)
;;
ALTER TABLE printer ADD COLUMN paper_high_mm BIGINT NOT NULL DEFAULT 0
;;
CREATE TABLE remembered (
    merchant_id BIGINT NOT NULL,
    digest TEXT NOT NULL,
    code TEXT NOT NULL,
    order_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    actor_name TEXT NOT NULL,
    CONSTRAINT pk_remembered PRIMARY KEY (merchant_id, digest, code)
)
;;
CREATE INDEX ix_remembered_merchant_id_at_us ON remembered (merchant_id, at_us)
;;
CREATE INDEX ix_remembered_merchant_id_order_id ON remembered (merchant_id, order_id)
;;
INSERT INTO print_queue (merchant_id, id, name, role, shop_id, printer_id, backup_id, backup_minutes, copies, takes, own_lines, paused, removed) SELECT merchant_id, id, name, '', 0, id, 0, 0, copies, '', 0, paused, removed FROM printer WHERE NOT EXISTS (SELECT 1 FROM print_queue q WHERE q.merchant_id = printer.merchant_id AND q.id = printer.id)
;;
UPDATE print_job SET queue_id = printer_id WHERE queue_id = 0
