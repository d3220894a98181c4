//! For tests only: a fresh database of each kind.
//!
//! [`both_databases!`] writes a test once and runs it on SQLite and on PostgreSQL:
//!
//! ```
//! testkit::both_databases! {
//!     async fn a_store_answers(store: store::db::Store) {
//!         let one: Option<i64> =
//!             store.read(|r| r.query_one("SELECT 1", store::params![], |row| row.get(0))).await.unwrap();
//!         assert_eq!(one, Some(1));
//!     }
//! }
//! # fn main() {}
//! ```

mod databases;

pub use databases::{TempDir, beside_postgres, on_postgres, on_sqlite};

/// Runs each function as two tests, `name::sqlite` and `name::postgres`, each with a fresh migrated database.
///
/// PostgreSQL is found through `THROUGHLINE_TEST_POSTGRES`, which `cargo xtask test` sets; without it that test fails.
#[macro_export]
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($store:ident: $ty:ty) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;
            async fn body($store: $ty) $body
            #[test]
            fn sqlite() {
                $crate::on_sqlite(body);
            }
            #[test]
            fn postgres() {
                $crate::on_postgres(body);
            }
        }
    )*};
}
