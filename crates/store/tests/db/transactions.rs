//! What is kept, what is undone, and who hears what.

use std::sync::mpsc;

use store::db::{Error, Rule, Store, Tx};
use store::params;

use super::{id, with_sample};

fn insert(tx: &mut Tx, n: i64) -> Result<u64, Error> {
    tx.execute(
        "INSERT INTO thing (id, number, word) VALUES ($1, $2, $3)",
        params![id(n as u128), n, format!("w{n}")],
    )
}

async fn numbers(store: &Store) -> Vec<i64> {
    let sql = "SELECT number FROM thing ORDER BY number";
    store.read(move |r| r.query(sql, params![], |row| row.get(0))).await.unwrap()
}

/// An error of the caller's own, as `app` has.
#[derive(Debug)]
enum Mine {
    Refused,
    Store(Error),
}
impl From<Error> for Mine {
    fn from(e: Error) -> Self {
        Mine::Store(e)
    }
}

testkit::both_databases! {
    async fn an_error_of_the_caller_undoes_its_work(store: Store) {
        with_sample(&store).await;
        let result = store.write(|tx| {
            insert(tx, 1)?;
            Err::<(), _>(Mine::Refused)
        }).await;
        assert!(matches!(result, Err(Mine::Refused)));
        let result = store.write(|tx| {
            insert(tx, 2)?;
            insert(tx, 2)?;
            Ok::<_, Mine>(())
        }).await;
        assert!(matches!(result, Err(Mine::Store(Error::Conflict { .. }))), "{result:?}");
        assert_eq!(numbers(&store).await, [0; 0]);
    }

    async fn only_the_failing_closures_of_a_group_are_undone(store: Store) {
        with_sample(&store).await;
        // Hold SQLite's writer so that the others gather behind it.
        let (go, wait) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let store = store.clone();
            async move { store.write(move |tx| { let _ = wait.recv(); insert(tx, 1000) }).await }
        });
        let mut tasks = Vec::new();
        for n in 1..=6 {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                let work = move |tx: &mut Tx| {
                    insert(tx, n)?;
                    match n % 3 {
                        0 => insert(tx, n),
                        1 => panic!("closure {n}"),
                        _ => Ok(1),
                    }
                };
                if n < 4 { store.write(work).await } else { store.write_many(work).await }
            }));
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        for (n, task) in (1..=6).zip(tasks) {
            let result: Result<u64, Error> = task.await.unwrap();
            match n % 3 {
                0 => assert!(matches!(result, Err(Error::Conflict { .. })), "{n}: {result:?}"),
                1 => assert_eq!(result, Err(Error::Panicked { message: format!("closure {n}") })),
                _ => assert_eq!(result, Ok(1)),
            }
        }
        assert_eq!(numbers(&store).await, [2, 5, 1000]);
    }

    async fn a_write_is_answered_after_its_commit(store: Store) {
        with_sample(&store).await;
        let mut tasks = Vec::new();
        for n in 100..200 {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                store.write(move |tx| insert(tx, n)).await.unwrap();
                // Other connections see committed rows only.
                store.read(move |r| r.exists("SELECT 1 FROM thing WHERE number = $1", params![n])).await.unwrap()
            }));
        }
        for task in tasks {
            assert!(task.await.unwrap());
        }
    }

    async fn a_read_sees_one_moment(store: Store) {
        with_sample(&store).await;
        store.write(|tx| insert(tx, 1)).await.unwrap();
        let (seen, begun) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let reading = tokio::spawn({
            let store = store.clone();
            async move {
                store.read(move |r| -> Result<_, Error> {
                    let mut count = || r.query_one("SELECT COUNT(*) FROM thing", params![], |row| row.get::<i64>(0));
                    let before = count()?;
                    let _ = seen.send(());
                    let _ = wait.recv();
                    Ok((before, count()?))
                }).await
            }
        });
        tokio::task::spawn_blocking(move || begun.recv()).await.unwrap().unwrap();
        store.write(|tx| insert(tx, 2)).await.unwrap();
        go.send(()).unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), (Some(1), Some(1)));
        assert_eq!(numbers(&store).await, [1, 2]);
    }

    async fn a_read_cannot_write(store: Store) {
        with_sample(&store).await;
        let result = store.read(|r| r.query("INSERT INTO thing (id) VALUES ($1) RETURNING id", params![id(1)], |_| Ok(()))).await;
        assert!(matches!(result, Err(Error::Driver { .. })), "{result:?}");
        store.write(|tx| insert(tx, 3)).await.unwrap();
        assert_eq!(numbers(&store).await, [3]);
    }

    async fn broken_rules_are_named(store: Store) {
        with_sample(&store).await;
        store.write(|tx| insert(tx, 1)).await.unwrap();
        let taken = store.write(|tx| tx.execute("INSERT INTO thing (id, word) VALUES ($1, $2)", params![id(2), "w1"])).await;
        assert!(matches!(&taken, Err(Error::Conflict { on }) if on.contains("thing") && on.contains("word")), "{taken:?}");
        let key = store.write(|tx| tx.execute("INSERT INTO thing (id) VALUES ($1)", params![id(1)])).await;
        assert!(matches!(key, Err(Error::Conflict { .. })), "{key:?}");
        let cases = [
            (Rule::ForeignKey, "INSERT INTO thing (id, parent) VALUES ($1, $2)", params![id(3), id(4)].to_vec()),
            (Rule::NotNull, "INSERT INTO thing (id, flag) VALUES ($1, NULL)", params![id(3)].to_vec()),
            (Rule::Check, "INSERT INTO thing (id, number) VALUES ($1, 13)", params![id(3)].to_vec()),
        ];
        for (expected, sql, params) in cases {
            let result = store.write(move |tx| tx.execute(sql, params)).await;
            assert!(matches!(&result, Err(Error::Refused { rule, .. }) if *rule == expected), "{result:?}");
        }
        let unknown = store.read(|r| r.query("SELECT \"nothing\" FROM thing", params![], |_| Ok(()))).await;
        assert!(matches!(&unknown, Err(Error::Driver { reason, .. }) if reason.contains("nothing")), "{unknown:?}");
        assert_eq!(numbers(&store).await, [1]);
    }

    async fn nothing_follows_an_error(store: Store) {
        with_sample(&store).await;
        let swallowed = store.write(|tx| -> Result<(), Error> {
            insert(tx, 1)?;
            let _ = insert(tx, 1);
            Ok(())
        }).await;
        assert_eq!(swallowed, Err(Error::Ended));
        let later = store.write(|tx| -> Result<_, Error> {
            insert(tx, 1)?;
            let _ = insert(tx, 1);
            insert(tx, 2)
        }).await;
        assert_eq!(later, Err(Error::Ended));
        assert_eq!(numbers(&store).await, [0; 0]);
    }

    async fn an_attempt_is_survived(store: Store) {
        with_sample(&store).await;
        let outcome = store.write(|tx| -> Result<_, Error> {
            insert(tx, 1)?;
            let failed = tx.attempt(|tx| {
                insert(tx, 2)?;
                tx.attempt(|tx| insert(tx, 3))?;
                insert(tx, 1)
            });
            let swallowed = tx.attempt(|tx| -> Result<(), Error> {
                let _ = insert(tx, 1);
                Ok(())
            });
            tx.attempt(|tx| insert(tx, 4))?;
            Ok((failed.is_err(), swallowed))
        }).await.unwrap();
        assert_eq!(outcome, (true, Err(Error::Ended)));
        assert_eq!(numbers(&store).await, [1, 4]);
    }

    async fn bulk_inserts_meet_conflicts(store: Store) {
        with_sample(&store).await;
        let rows = |range: std::ops::Range<i64>, word: &'static str| {
            range.map(move |n| params![id(n as u128), n, format!("{word}{n}")])
        };
        let columns = ["id", "number", "word"];
        let first = store.write(move |tx| tx.insert_many("thing", &columns, rows(100..5100, "a"), "")).await.unwrap();
        let ignored = store.write(move |tx| tx.insert_many("thing", &columns, rows(5000..5200, "b"),
            "ON CONFLICT (id) DO NOTHING")).await.unwrap();
        let replaced = store.write(move |tx| tx.insert_many("thing", &columns, rows(5190..5210, "c"),
            "ON CONFLICT (id) DO UPDATE SET word = excluded.word")).await.unwrap();
        assert_eq!((first, ignored, replaced), (5000, 100, 20));
        let words = store.read(|r| r.query(
            "SELECT word FROM thing WHERE number = ANY($1) ORDER BY number",
            [store::db::Value::list([5000_i64, 5150, 5195, 5209])], |row| row.get::<String>(0))).await.unwrap();
        assert_eq!(words, ["a5000", "b5150", "c5195", "c5209"]);
        let refused = store.write(move |tx| tx.insert_many("thing", &columns, rows(5205..9000, "d"), "")).await;
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
        let none = store.write(move |tx| tx.insert_many("thing", &columns, rows(0..0, "e"), "")).await.unwrap();
        assert_eq!(none, 0);
        let narrow = store.write(move |tx| tx.insert_many("thing", &columns, [params![id(1)]], "")).await;
        assert!(matches!(narrow, Err(Error::BadValue { .. })), "{narrow:?}");
        let hostile = store.write(move |tx| tx.insert_many("thing; --", &columns, rows(1..2, "f"), "")).await;
        assert!(matches!(hostile, Err(Error::Driver { .. })), "{hostile:?}");
        assert_eq!(numbers(&store).await.len(), 5110);
    }

    async fn a_closed_store_says_so(store: Store) {
        store.close().await;
        let read = store.read(|r| r.exists("SELECT 1", params![])).await;
        let write = store.write(|tx| tx.exists("SELECT 1", params![])).await;
        assert_eq!((read, write), (Err(Error::Closed), Err(Error::Closed)));
    }

    async fn a_sound_database_has_no_faults(store: Store) {
        with_sample(&store).await;
        assert_eq!(store.check().await.unwrap(), [""; 0]);
    }
}
