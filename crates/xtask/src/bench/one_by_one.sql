-- A statement as record stores write it that take one row at a time: each actor and activity is looked for and added where it is
-- new, then the statement goes in, then each of its references, every command a message of its own.
\set actor random(1, 5000)
\set lesson random(1, 500)
\set course :lesson / 10
\set body random(1, 512)
SELECT id FROM one_statement WHERE id = gen_random_uuid();
SELECT id FROM one_actor WHERE ifi = 'user-' || :actor;
INSERT INTO one_actor (ifi, seen) VALUES ('user-' || :actor, now()) ON CONFLICT (ifi) DO NOTHING;
SELECT id FROM one_actor WHERE ifi = 'authority';
SELECT id FROM one_activity WHERE iri = 'au/' || :lesson;
INSERT INTO one_activity (iri, seen) VALUES ('au/' || :lesson, now()) ON CONFLICT (iri) DO NOTHING;
SELECT id FROM one_activity WHERE iri = 'course/' || :course;
SELECT id FROM one_activity WHERE iri = 'cmi5';
SELECT id FROM one_activity WHERE iri = 'moveon';
INSERT INTO one_statement (id, registration, verb, stored, body) SELECT gen_random_uuid(), gen_random_uuid(), 'completed', now(), text FROM one_body WHERE id = :body RETURNING seq AS seq \gset
INSERT INTO one_statement_actor (seq, usage, actor) SELECT :seq, 'actor', id FROM one_actor WHERE ifi = 'user-' || :actor;
INSERT INTO one_statement_actor (seq, usage, actor) SELECT :seq, 'authority', id FROM one_actor WHERE ifi = 'authority';
INSERT INTO one_statement_activity (seq, usage, activity) SELECT :seq, 'object', id FROM one_activity WHERE iri = 'au/' || :lesson;
INSERT INTO one_statement_activity (seq, usage, activity) SELECT :seq, 'grouping', id FROM one_activity WHERE iri = 'course/' || :course;
INSERT INTO one_statement_activity (seq, usage, activity) SELECT :seq, 'category', id FROM one_activity WHERE iri = 'cmi5';
INSERT INTO one_statement_activity (seq, usage, activity) SELECT :seq, 'category', id FROM one_activity WHERE iri = 'moveon';
