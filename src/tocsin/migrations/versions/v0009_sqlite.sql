CREATE UNIQUE INDEX IF NOT EXISTS uq_api_key_merchant_id_id ON api_key (merchant_id, id)
;;
CREATE INDEX ix_attempt_merchant_id_at_us_outcome ON attempt (merchant_id, at_us, outcome)
;;
CREATE UNIQUE INDEX IF NOT EXISTS uq_campaign_merchant_id_code ON campaign (merchant_id, code)
;;
CREATE UNIQUE INDEX IF NOT EXISTS uq_decoy_name_merchant_id_id ON decoy_name (merchant_id, id)
;;
CREATE UNIQUE INDEX IF NOT EXISTS uq_desk_merchant_id_id ON desk (merchant_id, id)
;;
CREATE UNIQUE INDEX IF NOT EXISTS uq_finger_attempt_merchant_id_secret_hash ON finger_attempt (merchant_id, secret_hash)
;;
CREATE UNIQUE INDEX IF NOT EXISTS uq_incident_open ON incident (merchant_id, "key") WHERE cleared_at_us IS NULL
;;
CREATE UNIQUE INDEX IF NOT EXISTS uq_notice_merchant_id_recipient_id_event_id_what ON notice (merchant_id, recipient_id, event_id, what)
;;
CREATE INDEX ix_order_head_merchant_id_placed_at_us_id_shop_id_campaign_d ON order_head (merchant_id, placed_at_us DESC, id DESC, shop_id, campaign, desk_state)
;;
CREATE UNIQUE INDEX IF NOT EXISTS uq_outbound_delivery_merchant_id_endpoint_id_event_id ON outbound_delivery (merchant_id, endpoint_id, event_id)
;;
CREATE UNIQUE INDEX IF NOT EXISTS uq_person_merchant_id_phone_digest ON person (merchant_id, phone_digest)
;;
CREATE INDEX ix_print_job_merchant_id_state_id_printer_id_reprint_no_repl ON print_job (merchant_id, state, id, printer_id, reprint_no, replaces, amended_from, order_id, ended_at_us)
;;
CREATE UNIQUE INDEX IF NOT EXISTS uq_recipient_digest ON recipient (merchant_id, operator_id, digest) WHERE removed = 0
;;
CREATE TABLE shift (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    desk_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    begun_at_us BIGINT NOT NULL,
    operator_id BIGINT NOT NULL,
    operator_name TEXT NOT NULL,
    to_id BIGINT NOT NULL,
    offered_at_us BIGINT NOT NULL,
    session_id BIGINT NOT NULL,
    method TEXT NOT NULL,
    body TEXT NOT NULL,
    note TEXT NOT NULL,
    over_at_us BIGINT NOT NULL,
    CONSTRAINT pk_shift PRIMARY KEY (merchant_id, id)
)
;;
CREATE UNIQUE INDEX uq_shift_running ON shift (merchant_id, shop_id, desk_id) WHERE state = 'open' OR state = 'offered'
;;
CREATE TABLE shift_signed (
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shift_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    desk_id BIGINT NOT NULL,
    begun_at_us BIGINT NOT NULL,
    body TEXT NOT NULL,
    digest TEXT NOT NULL,
    out_id BIGINT NOT NULL,
    out_name TEXT NOT NULL,
    out_method TEXT NOT NULL,
    out_at_us BIGINT NOT NULL,
    in_id BIGINT NOT NULL,
    in_name TEXT NOT NULL,
    in_method TEXT NOT NULL,
    in_at_us BIGINT NOT NULL,
    sessions_ended BIGINT NOT NULL,
    CONSTRAINT pk_shift_signed PRIMARY KEY (merchant_id, id)
)
;;
CREATE UNIQUE INDEX uq_shift_signed_merchant_id_shift_id ON shift_signed (merchant_id, shift_id)
;;
CREATE INDEX ix_shift_signed_merchant_id_shop_id_id ON shift_signed (merchant_id, shop_id, id DESC)
;;
CREATE TRIGGER shift_signed_no_update BEFORE UPDATE ON shift_signed BEGIN SELECT RAISE(ABORT, 'shift_signed is append-only'); END
;;
CREATE TRIGGER shift_signed_no_delete BEFORE DELETE ON shift_signed BEGIN SELECT RAISE(ABORT, 'shift_signed is append-only'); END
;;
CREATE UNIQUE INDEX IF NOT EXISTS uq_shop_merchant_id_code ON shop (merchant_id, code)
;;
CREATE UNIQUE INDEX IF NOT EXISTS uq_sign_in_name_merchant_id_operator_id ON sign_in_name (merchant_id, operator_id)
;;
CREATE TABLE wall_link (
    token_hash TEXT NOT NULL,
    merchant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    shop_id BIGINT NOT NULL,
    screen_hash TEXT NOT NULL,
    times_opened BIGINT NOT NULL,
    opened_at_us BIGINT NOT NULL,
    address TEXT NOT NULL,
    last_seen_us BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    created_by BIGINT NOT NULL,
    revoked_at_us BIGINT,
    CONSTRAINT pk_wall_link PRIMARY KEY (token_hash)
)
;;
CREATE UNIQUE INDEX uq_wall_link_merchant_id_id ON wall_link (merchant_id, id)
;;
DROP INDEX ix_order_head_merchant_id_placed_at_us_id
;;
DROP INDEX ix_print_job_merchant_id_state_id
