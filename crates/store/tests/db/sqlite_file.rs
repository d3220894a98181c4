//! What concerns the SQLite file itself.

use std::path::{Path, PathBuf};

use store::db::{Error, Options, Place, Store};
use store::params;
use testkit::{TempDir, on_sqlite};

use super::with_sample;

async fn open(path: &Path) -> Result<Store, Error> {
    Store::open(Place::Sqlite(path.to_owned()), Options::default()).await
}

fn file_of(store: &Store) -> PathBuf {
    PathBuf::from(store.place())
}

#[test]
fn a_second_server_on_one_file_is_told_who_has_it() {
    on_sqlite(async |store| {
        let path = file_of(&store);
        let error = open(&path).await.unwrap_err();
        assert!(matches!(error, Error::InUse { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains("already open by another Throughline server"), "{said}");
        assert!(said.contains(&format!("(pid {})", std::process::id())), "{said}");
        store.close().await;
        open(&path).await.unwrap().close().await;
    });
}

#[test]
fn the_file_is_for_its_owner_alone_and_writes_are_synchronous() {
    on_sqlite(async |store| {
        with_sample(&store).await;
        #[cfg(unix)]
        for ending in ["", "-wal", "-shm", ".lock"] {
            use std::os::unix::fs::PermissionsExt;
            let path = format!("{}{ending}", store.place());
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path}");
        }
        for (pragma, expected) in [("synchronous", 2), ("foreign_keys", 1)] {
            let found = store
                .write(move |tx| tx.query_one(format!("PRAGMA {pragma}"), params![], |row| row.get::<i64>(0)))
                .await
                .unwrap();
            assert_eq!(found, Some(expected), "{pragma}");
        }
    });
}

#[test]
fn a_file_of_something_else_is_refused() {
    on_sqlite(async |store| {
        let folder = TempDir::new();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "not a database at all, but long enough to look like one ".repeat(40)).unwrap();
        let error = open(&path).await.unwrap_err();
        assert!(error.to_string().contains("not an SQLite database"), "{error}");
        let folder_itself = open(folder.path()).await.unwrap_err();
        assert!(matches!(folder_itself, Error::Open { .. }), "{folder_itself}");
        drop(store);
    });
}

#[test]
fn a_damaged_file_closes_the_store() {
    on_sqlite(async |store| {
        with_sample(&store).await;
        store.close().await;
        let path = file_of(&store);
        let schema = std::fs::metadata(&path).unwrap().len() as usize;
        let store = open(&path).await.unwrap();
        let rows = (0..2000_i64).map(|n| params![super::id(n as u128), n + 100]);
        store.write(move |tx| tx.insert_many("thing", &["id", "number"], rows, "")).await.unwrap();
        store.close().await;
        let mut bytes = std::fs::read(&path).unwrap();
        // Leave the schema readable and overwrite the rows, which came behind it.
        bytes[schema..].fill(0xff);
        std::fs::write(&path, bytes).unwrap();

        let store = open(&path).await.unwrap();
        let damaged = store
            .read(|r| r.query("SELECT id, number FROM thing ORDER BY id", params![], |row| row.get::<i64>(1)))
            .await;
        assert!(matches!(damaged, Err(Error::Corrupt { .. })), "{damaged:?}");
        let after = store.write(|tx| tx.execute("DELETE FROM thing", params![])).await;
        assert!(matches!(after, Err(Error::Broken { .. })), "{after:?}");
        store.close().await;
    });
}

/// What is written without a pause is copied from the log into the file meanwhile, and afterwards the log takes no room.
#[test]
fn the_log_stays_short_and_gives_its_room_back() {
    on_sqlite(async |store| {
        with_sample(&store).await;
        let log = PathBuf::from(format!("{}-wal", store.place()));
        let length = || std::fs::metadata(&log).map_or(0, |m| m.len());
        let raw = vec![7_u8; 100_000];
        let mut longest = 0;
        for round in 0..100_i64 {
            let row = |n: i64| params![super::id(n as u128), n + 100, raw.clone()];
            let rows: Vec<_> = (30 * round..30 * round + 30).map(row).collect();
            store
                .write_many(move |tx| tx.insert_many("thing", &["id", "number", "raw"], rows, ""))
                .await
                .unwrap();
            longest = longest.max(length());
        }
        // 300 MB went through it.
        assert!((8 << 20..160 << 20).contains(&longest), "{longest}");
        for _ in 0..200 {
            if length() == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(length(), 0);
        let count = store
            .read(|r| r.query_one("SELECT count(*) FROM thing", params![], |row| row.get::<i64>(0)))
            .await;
        assert_eq!(count, Ok(Some(3000)));
        assert_eq!(store.check().await.unwrap(), [""; 0]);
    });
}

#[test]
fn a_backup_opens_as_a_database_of_its_own() {
    on_sqlite(async |store| {
        with_sample(&store).await;
        store
            .write(|tx| tx.execute("INSERT INTO thing (id, number) VALUES ($1, 7)", params![super::id(7)]))
            .await
            .unwrap();
        let folder = TempDir::new();
        let copy = folder.path().join("copy.db");
        store.backup(&copy).await.unwrap();
        assert!(store.backup(&copy).await.is_err(), "an existing file is not overwritten");
        let copied = open(&copy).await.unwrap();
        assert_eq!(copied.check().await.unwrap(), [""; 0]);
        let number = copied
            .read(|r| r.query_one("SELECT number FROM thing", params![], |row| row.get::<i64>(0)))
            .await;
        assert_eq!(number, Ok(Some(7)));
        copied.close().await;
    });
}
