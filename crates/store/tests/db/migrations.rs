//! The ledger.

use store::db::{Error, MIGRATIONS, Migration, Options, Place, Store, Tx, pack};
use store::{params, statements};

use super::{NOW, SAMPLE, at};

const EDITED: &[Migration] = &[Migration { sql: "CREATE TABLE thing (id {id}) {strict};", ..SAMPLE[0] }];
const HALF: &[Migration] = &[
    SAMPLE[0],
    Migration {
        number: 901,
        name: "half",
        sql: "CREATE TABLE half (id {id}) {strict}; CREATE TABLE thing (id {id}) {strict};",
        oldest_server: 901,
    },
];
const GENTLE: &[Migration] = &[Migration {
    number: 902,
    name: "gentle",
    sql: "CREATE TABLE extra (n {bigint}) {strict};",
    oldest_server: 0,
}];
const SKIPPED: &[Migration] =
    &[Migration { number: 899, name: "late", sql: "SELECT 1;", oldest_server: 899 }, SAMPLE[0]];
const MISSPELT: &[Migration] =
    &[Migration { number: 903, name: "misspelt", sql: "CREATE TABLE m (id {uuid});", oldest_server: 903 }];

testkit::both_databases! {
    async fn twice_is_harmless(store: Store) {
        assert_eq!(store.migrate_with(SAMPLE, at(NOW)).await.unwrap(), ["0900 sample"]);
        assert_eq!(store.migrate_with(SAMPLE, at(NOW)).await.unwrap(), [""; 0]);
        let row = store.read(|r| r.query_one("SELECT name, applied_at, checksum FROM migration WHERE number = 900", params![],
            |row| Ok((row.get::<String>(0)?, row.get(1)?, row.get::<String>(2)?)))).await.unwrap().unwrap();
        assert_eq!((row.0.as_str(), row.1, row.2), ("sample", at(NOW), SAMPLE[0].checksum()));
    }

    async fn two_at_once_wait_for_each_other(store: Store) {
        let (a, b) = tokio::join!(store.migrate_with(SAMPLE, at(NOW)), store.migrate_with(SAMPLE, at(NOW)));
        assert_eq!(a.unwrap().len() + b.unwrap().len(), 1);
    }

    async fn an_edited_migration_is_refused(store: Store) {
        store.migrate_with(SAMPLE, at(NOW)).await.unwrap();
        let error = store.migrate_with(EDITED, at(NOW)).await.unwrap_err();
        assert!(matches!(error, Error::Migration { number: 900, .. }), "{error}");
        assert!(error.to_string().contains("never edited"), "{error}");
    }

    async fn a_newer_database_is_refused(store: Store) {
        store.migrate_with(SAMPLE, at(NOW)).await.unwrap();
        for error in [store.migrate(at(NOW)).await.unwrap_err(), store.pending_migrations().await.unwrap_err()] {
            assert!(matches!(error, Error::Newer { found: 900, needs: 900, .. }), "{error}");
        }
    }

    async fn a_newer_database_that_allows_older_servers_is_opened(store: Store) {
        store.migrate_with(GENTLE, at(NOW)).await.unwrap();
        assert_eq!(store.migrate(at(NOW)).await.unwrap(), [""; 0]);
        assert_eq!(store.pending_migrations().await.unwrap(), [""; 0]);
    }

    async fn a_failing_migration_leaves_nothing(store: Store) {
        let error = store.migrate_with(HALF, at(NOW)).await.unwrap_err();
        assert!(matches!(error, Error::Migration { number: 901, .. }), "{error}");
        let half = store.read(|r| r.exists("SELECT 1 FROM half", params![])).await;
        assert!(half.is_err());
        let applied = store.read(|r| r.query("SELECT number FROM migration WHERE number >= 900", params![], |row| row.get::<i64>(0))).await.unwrap();
        assert_eq!(applied, [900]);
    }

    async fn one_that_was_skipped_is_refused(store: Store) {
        store.migrate_with(SAMPLE, at(NOW)).await.unwrap();
        let error = store.migrate_with(SKIPPED, at(NOW)).await.unwrap_err();
        assert!(matches!(error, Error::Migration { number: 899, .. }), "{error}");
    }

    async fn an_unknown_type_word_is_refused(store: Store) {
        let error = store.migrate_with(MISSPELT, at(NOW)).await.unwrap_err();
        assert!(error.to_string().contains("{uuid}"), "{error}");
    }
}

/// Statements that a server before the fourth migration stored.
async fn what_was_stored_before_is_read_after(place: Place) {
    const TEXT: &str = r#"{"id":"00000000-0000-4000-8000-000000000001","actor":{"mbox":"mailto:a@b.example"},"verb":{"id":"x:v"},"object":{"id":"x:a"}}"#;
    let one = uuid::uuid!("00000000-0000-4000-8000-000000000001");
    let store = Store::open(place, Options::default()).await.unwrap();
    store.migrate_with(&MIGRATIONS[..3], at(NOW)).await.unwrap();
    let mut body = vec![0];
    body.extend(store.dictionary().await.unwrap().pack(TEXT.as_bytes()).unwrap());
    let old = move |tx: &mut Tx| -> Result<(), Error> {
        tx.execute(
            "INSERT INTO statement (seq, id, stored_at, happened_at, verb, activity, within_iris, voids, voided, score, body)
             VALUES (7, $1, $2, $2, 'x:v', 'x:a', 'x:b', FALSE, FALSE, 0.5, $3)",
            params![one, at(NOW), body],
        )?;
        let learnt =
            "INSERT INTO dictionary (number, learnt_at, learnt_from, bytes) VALUES (1, $1, 5000, $2)";
        tx.execute(learnt, params![at(NOW), Vec::new()])?;
        Ok(())
    };
    store.write(old).await.unwrap();
    assert_eq!(store.migrate(at(NOW)).await.unwrap().first().map(String::as_str), Some("0004 said_once"));
    let read = store.read(move |r| Ok::<_, Error>((statements::one(r, one)?, pack::learnt_from(r)?))).await;
    let (found, learnt_from) = read.unwrap();
    assert_eq!(found.unwrap().exact, TEXT);
    assert_eq!(learnt_from, 0, "it is learnt again");
    let again = "INSERT INTO statement (seq, id, stored_at, happened_at, voids, voided, body) VALUES (8, $1, $2, $2, FALSE, FALSE, $3)";
    let twice = store.write(move |tx| tx.execute(again, params![one, at(NOW), vec![0]])).await.unwrap_err();
    assert!(matches!(twice, Error::Conflict { .. }), "{twice}");
    store.close().await;
}

#[tokio::test]
async fn what_was_stored_before_is_read_after_on_sqlite() {
    let folder = testkit::TempDir::new();
    what_was_stored_before_is_read_after(Place::Sqlite(folder.path().join("throughline.db"))).await;
}

#[test]
fn what_was_stored_before_is_read_after_on_postgres() {
    testkit::beside_postgres(|url| {
        let place = Place::Postgres(url.to_owned());
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(what_was_stored_before_is_read_after(place));
    });
}
