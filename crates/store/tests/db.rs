//! The engine room on both databases.

mod db {
    mod differences;
    mod migrations;
    mod sqlite_file;
    mod transactions;
    mod values;

    use domain::time::Instant;
    use store::db::{Migration, Store};

    /// A table with every type; its number leaves room for the server's own migrations.
    pub(crate) const SAMPLE: &[Migration] = &[Migration {
        number: 900,
        name: "sample",
        sql: "CREATE TABLE thing (
            id {id} PRIMARY KEY,
            flag {bool} NOT NULL DEFAULT FALSE,
            number {bigint} CHECK (number <> 13),
            small {int},
            real {double},
            word {text} UNIQUE,
            raw {bytes},
            at {instant},
            day {day},
            parent {id} REFERENCES thing (id)
        ) {strict};
        CREATE INDEX thing_by_number ON thing (number);",
        oldest_server: 900,
    }];

    pub(crate) fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    pub(crate) const NOW: &str = "2026-03-18T08:41:00Z";

    pub(crate) async fn with_sample(store: &Store) {
        store.migrate_with(SAMPLE, at(NOW)).await.unwrap();
    }

    /// The `n`th id of a sequence that is the same for every test.
    pub(crate) fn id(n: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | n)
    }
}
