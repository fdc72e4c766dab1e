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
CREATE TABLE tally_part (
    merchant_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    facts BLOB NOT NULL,
    CONSTRAINT pk_tally_part PRIMARY KEY (merchant_id, order_id)
)
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
