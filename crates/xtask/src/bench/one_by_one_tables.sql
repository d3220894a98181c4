CREATE TABLE one_actor (id bigserial PRIMARY KEY, ifi text NOT NULL UNIQUE, seen timestamptz NOT NULL);
CREATE TABLE one_activity (id bigserial PRIMARY KEY, iri text NOT NULL UNIQUE, seen timestamptz NOT NULL);
CREATE TABLE one_statement (seq bigserial PRIMARY KEY, id uuid NOT NULL UNIQUE, registration uuid, verb text NOT NULL, stored timestamptz NOT NULL, body json NOT NULL);
CREATE INDEX ON one_statement (registration);
CREATE INDEX ON one_statement (verb, seq);
CREATE INDEX ON one_statement (stored);
CREATE TABLE one_statement_actor (id bigserial PRIMARY KEY, seq bigint NOT NULL REFERENCES one_statement, usage text NOT NULL, actor bigint NOT NULL REFERENCES one_actor);
CREATE INDEX ON one_statement_actor (seq);
CREATE INDEX ON one_statement_actor (actor, seq);
CREATE TABLE one_statement_activity (id bigserial PRIMARY KEY, seq bigint NOT NULL REFERENCES one_statement, usage text NOT NULL, activity bigint NOT NULL REFERENCES one_activity);
CREATE INDEX ON one_statement_activity (seq);
CREATE INDEX ON one_statement_activity (activity, seq);
CREATE TABLE one_body (id int PRIMARY KEY, text json NOT NULL);
INSERT INTO one_actor (ifi, seen) SELECT 'user-' || n, now() FROM generate_series(1, 5000) n UNION ALL SELECT 'authority', now();
INSERT INTO one_activity (iri, seen) SELECT 'au/' || n, now() FROM generate_series(1, 500) n
    UNION ALL SELECT 'course/' || n, now() FROM generate_series(0, 50) n UNION ALL SELECT unnest(ARRAY['cmi5', 'moveon']), now();
INSERT INTO one_body SELECT n, json_build_object('text', (SELECT string_agg(md5((n * 31 + i)::text), '') FROM generate_series(1, 32) i)) FROM generate_series(1, 512) n;
