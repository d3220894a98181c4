//! The engine room on both databases.

use store::db::{Store, Value};
use store::params;
use testkit::both_databases;

fn at(text: &str) -> domain::time::Instant {
    text.parse().unwrap()
}

/// The sample table, made directly: the ledger has tests of its own.
async fn with_table(store: &Store) {
    let sql = match store.engine() {
        store::db::Engine::Sqlite => {
            "CREATE TABLE thing (id BLOB PRIMARY KEY, flag INTEGER NOT NULL DEFAULT FALSE, number INTEGER,
             small INTEGER, real REAL, word TEXT UNIQUE, raw BLOB, at INTEGER, day INTEGER,
             parent BLOB REFERENCES thing (id), CHECK (number <> 13)) STRICT"
        }
        store::db::Engine::Postgres => {
            "CREATE TABLE thing (id UUID PRIMARY KEY, flag BOOLEAN NOT NULL DEFAULT FALSE, number BIGINT,
             small INTEGER, real DOUBLE PRECISION, word TEXT COLLATE \"C\" UNIQUE, raw BYTEA, at TIMESTAMPTZ,
             day DATE, parent UUID REFERENCES thing (id), CHECK (number <> 13))"
        }
    };
    store.write(move |tx| tx.execute(sql, params![])).await.unwrap();
}

both_databases! {
    async fn smoke(store: Store) {
        with_table(&store).await;
        let ids = testkit::Ids::new(1);
        let id = ids.next(at("2026-01-01T00:00:00Z"));
        store.write(move |tx| tx.execute("INSERT INTO thing (id, word) VALUES ($1, $2)", params![id, "a"])).await.unwrap();
        let found = store.read(move |r| r.query_one("SELECT word FROM thing WHERE id = ANY($1)",
            [Value::list([id])], |row| row.get::<String>(0))).await.unwrap();
        assert_eq!(found.as_deref(), Some("a"));
    }
}
