CREATE FUNCTION find_few_orders(query text, before_id bigint, most bigint) RETURNS SETOF bigint
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off SET enable_indexscan = off AS $$
        SELECT order_id FROM (SELECT merchant_id, order_id FROM order_search WHERE tokens @@ query::tsquery OFFSET 0) hits
        WHERE merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint AND order_id < before_id
        LIMIT most $$
;;
CREATE FUNCTION find_orders_since(query text, since_id bigint, before_id bigint, most bigint) RETURNS SETOF bigint
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off AS $$
        SELECT order_id FROM order_search WHERE tokens @@ query::tsquery
        AND merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint AND order_id >= since_id AND order_id < before_id
        ORDER BY order_id DESC LIMIT most $$
;;
CREATE OR REPLACE FUNCTION find_orders(query text, before_id bigint, most bigint) RETURNS SETOF bigint
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            merchant bigint := nullif(current_setting('tocsin.merchant', true), '')::bigint;
            wanted tsquery := query::tsquery;
            looked bigint := 200;
            since bigint;
            few bigint[];
            hits bigint[];
        BEGIN
            LOOP
                hits := ARRAY(SELECT order_id FROM (
                    SELECT order_id, tokens FROM order_search WHERE merchant_id = merchant AND order_id < before_id
                    ORDER BY order_id DESC LIMIT looked) those
                    WHERE tokens @@ wanted ORDER BY order_id DESC LIMIT most);
                EXIT WHEN cardinality(hits) = most OR cardinality(hits) < 10 OR looked > 200;
                looked := 400 * most / cardinality(hits);
            END LOOP;
            IF cardinality(hits) = most THEN
                RETURN QUERY SELECT unnest(hits);
                RETURN;
            END IF;
            few := ARRAY(SELECT find_few_orders(query, before_id, most));
            IF cardinality(few) < most THEN
                RETURN QUERY SELECT one FROM unnest(few) one ORDER BY one DESC;
                RETURN;
            END IF;
            looked := CASE WHEN cardinality(hits) < 2 THEN 12800 ELSE 400 * most / cardinality(hits) END;
            FOR turn IN 1..2 LOOP
                SELECT order_id INTO since FROM order_search WHERE merchant_id = merchant AND order_id < before_id
                    ORDER BY order_id DESC OFFSET looked LIMIT 1;
                EXIT WHEN since IS NULL;
                hits := ARRAY(SELECT find_orders_since(query, since, before_id, most));
                EXIT WHEN cardinality(hits) = most OR cardinality(hits) < 4;
                looked := 2 * looked * most / cardinality(hits);
            END LOOP;
            IF cardinality(hits) = most THEN
                RETURN QUERY SELECT unnest(hits);
            ELSE
                RETURN QUERY SELECT * FROM find_orders_by_token(query, before_id, most);
            END IF;
        END $$
;;
REVOKE ALL ON FUNCTION find_few_orders(text, bigint, bigint) FROM PUBLIC
;;
REVOKE ALL ON FUNCTION find_orders_since(text, bigint, bigint, bigint) FROM PUBLIC
