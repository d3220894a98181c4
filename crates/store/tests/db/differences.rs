//! Where the two databases differ in silence: pinned, so that a new version of either that changes it is noticed.

use store::db::{Engine, Error, Store};
use store::params;

use super::{id, with_sample};

async fn one<T: store::db::FromValue + Send + 'static>(store: &Store, sql: &'static str) -> Result<T, Error> {
    store.read(move |r| r.query_one(sql, params![], |row| row.get(0))).await.map(|x| x.unwrap())
}

testkit::both_databases! {
    async fn like_ignores_case_on_sqlite_alone(store: Store) {
        let sqlite = store.engine() == Engine::Sqlite;
        assert_eq!(one::<bool>(&store, "SELECT 'Abc' LIKE 'a%'").await, Ok(sqlite));
    }

    async fn lower_knows_only_ascii_on_sqlite(store: Store) {
        assert_eq!(one::<String>(&store, "SELECT LOWER('ABC')").await.unwrap(), "abc");
        if store.engine() == Engine::Sqlite {
            assert_eq!(one::<String>(&store, "SELECT LOWER('ÄÖ')").await.unwrap(), "ÄÖ");
        }
    }

    async fn integers_divide_to_integers(store: Store) {
        assert_eq!(one::<i64>(&store, "SELECT 7 / 2").await, Ok(3));
        assert_eq!(one::<i64>(&store, "SELECT -7 / 2").await, Ok(-3));
    }

    async fn dividing_by_zero_is_null_or_an_error(store: Store) {
        let result = one::<Option<i64>>(&store, "SELECT 1 / 0").await;
        match store.engine() {
            Engine::Sqlite => assert_eq!(result, Ok(None)),
            Engine::Postgres => assert!(matches!(result, Err(Error::BadValue { .. })), "{result:?}"),
        }
        assert_eq!(one::<Option<i64>>(&store, "SELECT 1 / NULLIF(0, 0)").await, Ok(None));
    }

    async fn nulls_have_a_place_only_when_told(store: Store) {
        with_sample(&store).await;
        store.write(|tx| tx.insert_many("thing", &["id", "number"],
            [params![id(1), 1], params![id(2), None::<i64>], params![id(3), 3]], "")).await.unwrap();
        let order = async |sql: &'static str| {
            store.read(move |r| r.query(sql, params![], |row| row.get::<Option<i64>>(0))).await.unwrap()
        };
        let bare = order("SELECT number FROM thing ORDER BY number").await;
        match store.engine() {
            Engine::Sqlite => assert_eq!(bare, [None, Some(1), Some(3)]),
            Engine::Postgres => assert_eq!(bare, [Some(1), Some(3), None]),
        }
        assert_eq!(order("SELECT number FROM thing ORDER BY number NULLS LAST").await, [Some(1), Some(3), None]);
        assert_eq!(order("SELECT number FROM thing ORDER BY number DESC NULLS FIRST").await, [None, Some(3), Some(1)]);
    }

    async fn text_sorts_and_compares_by_bytes(store: Store) {
        with_sample(&store).await;
        let words = ["b", "a", "B", "é", "z", "_", "A b", "Ab", "𝒜", "ﬀ"];
        store.write(move |tx| tx.insert_many("thing", &["id", "word"],
            (1..).zip(words).map(|(n, word)| params![id(n), word]), "")).await.unwrap();
        let sorted = store.read(|r| r.query("SELECT word FROM thing ORDER BY word", params![], |row| row.get::<String>(0))).await.unwrap();
        let mut expected = words.map(str::to_owned);
        expected.sort();
        assert_eq!(sorted, expected);
    }

    async fn ids_sort_by_bytes(store: Store) {
        with_sample(&store).await;
        let ids: Vec<uuid::Uuid> = [0_u128, 1, u128::MAX, 1 << 127, 255 << 64].map(uuid::Uuid::from_u128).to_vec();
        let rows = ids.clone();
        store.write(move |tx| tx.insert_many("thing", &["id"], rows.into_iter().map(|id| params![id]), "")).await.unwrap();
        let sorted = store.read(|r| r.query("SELECT id FROM thing ORDER BY id", params![], |row| row.get::<uuid::Uuid>(0))).await.unwrap();
        let mut expected = ids;
        expected.sort();
        assert_eq!(sorted, expected);
    }

    async fn booleans_are_conditions_on_both(store: Store) {
        with_sample(&store).await;
        store.write(|tx| tx.insert_many("thing", &["id", "flag"],
            [params![id(1), true], params![id(2), false]], "")).await.unwrap();
        for sql in ["SELECT id FROM thing WHERE flag", "SELECT id FROM thing WHERE flag = TRUE",
            "SELECT id FROM thing WHERE NOT (NOT flag)"] {
            assert_eq!(one::<uuid::Uuid>(&store, sql).await, Ok(id(1)));
        }
        let bound = store.read(|r| r.query_one("SELECT id FROM thing WHERE flag = $1", params![false], |row| row.get(0))).await;
        assert_eq!(bound, Ok(Some(id(2))));
    }

    async fn a_write_can_return_rows(store: Store) {
        with_sample(&store).await;
        store.write(|tx| tx.insert_many("thing", &["id", "number"], (1..=3_i64).map(|n| params![id(n as u128), n]), "")).await.unwrap();
        let mut claimed = store.write(|tx| tx.query("UPDATE thing SET number = number + 10 WHERE number < $1 RETURNING number",
            params![3], |row| row.get::<i64>(0))).await.unwrap();
        claimed.sort();
        assert_eq!(claimed, [11, 12]);
    }
}

/// Statements that are written twice, once for each database. Think twice before raising it.
const EXCEPTIONS: usize = 0;

#[test]
fn exceptions_to_one_sql_text_are_counted() {
    fn count(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        entries
            .filter(|path| !path.ends_with("src/db"))
            .map(|path| match path.is_dir() {
                true => count(&path),
                false => std::fs::read_to_string(&path).unwrap().matches("sql!(").count(),
            })
            .sum()
    }
    let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert_eq!(count(&src), EXCEPTIONS, "sql!(sqlite: …, postgres: …) is used outside of src/db");
}
