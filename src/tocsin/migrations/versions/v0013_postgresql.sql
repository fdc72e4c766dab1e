DO $$ BEGIN
            IF (SELECT relforcerowsecurity FROM pg_class WHERE oid = 'order_search'::regclass) THEN
                ALTER TABLE order_search NO FORCE ROW LEVEL SECURITY;
            END IF;
        END $$
;;
CREATE INDEX ix_order_search_order_id ON order_search USING brin (order_id) WITH (pages_per_range = 256, autosummarize = on)
;;
CREATE OR REPLACE FUNCTION find_few_orders(query text, before_id bigint, most bigint) RETURNS SETOF bigint
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off SET enable_indexscan = off SET plan_cache_mode = force_generic_plan AS $$
        DECLARE
            merchant bigint := nullif(current_setting('tocsin.merchant', true), '')::bigint;
            wanted tsquery := query::tsquery;
        BEGIN
            RETURN QUERY SELECT order_id FROM (SELECT merchant_id, order_id FROM order_search WHERE tokens @@ wanted OFFSET 0) hits
                WHERE merchant_id = merchant AND order_id < before_id
                LIMIT most;
        END $$
;;
CREATE OR REPLACE FUNCTION find_orders_since(query text, since_id bigint, before_id bigint, most bigint) RETURNS SETOF bigint
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off SET plan_cache_mode = force_custom_plan AS $$
        DECLARE
            merchant bigint := nullif(current_setting('tocsin.merchant', true), '')::bigint;
            wanted tsquery := query::tsquery;
        BEGIN
            RETURN QUERY SELECT order_id FROM (SELECT merchant_id, order_id FROM order_search WHERE tokens @@ wanted AND order_id >= since_id OFFSET 0) hits
                WHERE merchant_id = merchant AND order_id < before_id
                ORDER BY order_id DESC LIMIT most;
        END $$
;;
CREATE OR REPLACE FUNCTION find_orders(query text, before_id bigint, most bigint) RETURNS SETOF bigint
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            merchant bigint := nullif(current_setting('tocsin.merchant', true), '')::bigint;
            wanted tsquery := query::tsquery;
            looked bigint := 200;
            seen bigint;
            newest bigint;
            oldest bigint;
            since bigint;
            span double precision;
            spans double precision;
            hits bigint[];
        BEGIN
            SELECT coalesce(array_agg(order_id ORDER BY order_id DESC) FILTER (WHERE fits), '{}'), count(*), max(order_id) INTO hits, seen, newest FROM (
                SELECT order_id, tokens @@ wanted AS fits FROM order_search WHERE merchant_id = merchant AND order_id < before_id
                ORDER BY order_id DESC LIMIT looked) those;
            IF cardinality(hits) >= most OR seen < looked THEN
                RETURN QUERY SELECT unnest(hits) LIMIT most;
                RETURN;
            END IF;
            IF cardinality(hits) >= 6 THEN
                looked := least(400 * most / cardinality(hits), 20000);
                hits := ARRAY(SELECT order_id FROM (
                    SELECT order_id, tokens FROM order_search WHERE merchant_id = merchant AND order_id < before_id
                    ORDER BY order_id DESC LIMIT looked) those
                    WHERE tokens @@ wanted ORDER BY order_id DESC LIMIT most);
                IF cardinality(hits) = most THEN
                    RETURN QUERY SELECT unnest(hits);
                    RETURN;
                END IF;
            END IF;
            spans := CASE WHEN cardinality(hits) < 2 THEN 16 ELSE looked / 1000.0 * most / cardinality(hits) END;
            IF cardinality(hits) < 2 THEN
                hits := ARRAY(SELECT find_few_orders(query, before_id, most));
                IF cardinality(hits) < most THEN
                    RETURN QUERY SELECT one FROM unnest(hits) one ORDER BY one DESC;
                    RETURN;
                END IF;
            END IF;
            SELECT newest::float8 - order_id INTO span FROM order_search WHERE merchant_id = merchant AND order_id < before_id
                ORDER BY order_id DESC OFFSET 2000 LIMIT 1;
            SELECT order_id INTO oldest FROM order_search WHERE merchant_id = merchant ORDER BY order_id LIMIT 1;
            FOR turn IN 1..2 LOOP
                EXIT WHEN span IS NULL;
                since := greatest(0, newest - span * spans)::bigint;
                EXIT WHEN since <= oldest;
                hits := ARRAY(SELECT find_orders_since(query, since, before_id, most));
                IF cardinality(hits) = most THEN
                    RETURN QUERY SELECT unnest(hits);
                    RETURN;
                END IF;
                spans := spans * CASE WHEN cardinality(hits) < 4 THEN 16 ELSE 2.0 * most / cardinality(hits) END;
            END LOOP;
            RETURN QUERY SELECT * FROM find_orders_by_token(query, before_id, most);
        END $$
