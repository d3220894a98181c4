//! Every type goes in and comes out the same.

use domain::ids::{PersonId, Subject, UnitId};
use domain::time::{Cadence, Day, Instant};
use store::db::{Error, Store, Tx, Value};
use store::params;
use uuid::Uuid;

use super::{NOW, at, id, with_sample};

#[derive(Debug, Clone, PartialEq)]
struct Thing {
    id: Uuid,
    flag: bool,
    number: Option<i64>,
    small: Option<i32>,
    real: Option<f64>,
    word: Option<String>,
    raw: Option<Vec<u8>>,
    at: Option<Instant>,
    day: Option<Day>,
    parent: Option<PersonId>,
}

const COLUMNS: [&str; 10] = ["id", "flag", "number", "small", "real", "word", "raw", "at", "day", "parent"];

impl Thing {
    fn empty(n: u128) -> Self {
        Self {
            id: id(n),
            flag: false,
            number: None,
            small: None,
            real: None,
            word: None,
            raw: None,
            at: None,
            day: None,
            parent: None,
        }
    }
    fn params(self) -> [Value; 10] {
        params![
            self.id,
            self.flag,
            self.number,
            self.small,
            self.real,
            self.word,
            self.raw,
            self.at,
            self.day,
            self.parent
        ]
    }
}

fn things() -> Vec<Thing> {
    let full = |n: u128, number, small, real, word: &str, raw: &[u8], at, day| Thing {
        id: id(n),
        flag: n.is_multiple_of(2),
        number: Some(number),
        small: Some(small),
        real: Some(real),
        word: Some(word.to_owned()),
        raw: Some(raw.to_vec()),
        at: Some(at),
        day: Some(day),
        parent: Some(PersonId::new(id(0))),
    };
    let unicode = "Zoë — 学び 🧭 e\u{301}\u{200f}\u{1}\\ ' \" $1 ?";
    vec![
        Thing::empty(0),
        full(1, i64::MAX, i32::MAX, f64::MAX, unicode, &[0, 1, 0, 255], at(NOW), Day::from_number(i32::MAX)),
        full(
            2,
            i64::MIN,
            i32::MIN,
            f64::MIN_POSITIVE,
            "",
            &[],
            Instant::from_micros(-1),
            Day::from_number(i32::MIN),
        ),
        full(3, 0, 0, -0.0, "0", b"\0", Instant::from_micros(i64::MAX), Day::from_number(0)),
        full(
            4,
            -1,
            -1,
            0.1 + 0.2,
            &"x".repeat(100_000),
            &[7; 100_000],
            Instant::from_micros(0),
            Day::from_number(-1),
        ),
        full(5, 1, 1, 3.0, "whole real", b"r", at("0001-01-01T00:00:00Z"), Day::of(2024, 2, 29).unwrap()),
    ]
}

fn read_all(r: &mut store::db::Read) -> Result<Vec<Thing>, Error> {
    r.query(format!("SELECT {} FROM thing ORDER BY id", COLUMNS.join(", ")), params![], |row| {
        Ok(Thing {
            id: row.get(0)?,
            flag: row.get(1)?,
            number: row.get(2)?,
            small: row.get(3)?,
            real: row.get(4)?,
            word: row.get(5)?,
            raw: row.get(6)?,
            at: row.get(7)?,
            day: row.get(8)?,
            parent: row.get(9)?,
        })
    })
}

testkit::both_databases! {
    async fn values_come_back_as_they_went_in(store: Store) {
        with_sample(&store).await;
        store.write(|tx| -> Result<(), Error> {
            for thing in things() {
                let sql = "INSERT INTO thing (id, flag, number, small, real, word, raw, at, day, parent)
                           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
                assert_eq!(tx.execute(sql, thing.params())?, 1);
            }
            Ok(())
        }).await.unwrap();
        assert_eq!(store.read(read_all).await.unwrap(), things());
    }

    async fn values_come_back_from_a_bulk_insert(store: Store) {
        with_sample(&store).await;
        let count = store.write(|tx| tx.insert_many("thing", &COLUMNS, things().into_iter().map(Thing::params), ""))
            .await.unwrap();
        assert_eq!(count, things().len() as u64);
        assert_eq!(store.read(read_all).await.unwrap(), things());
    }

    async fn every_id_and_both_subjects_bind(store: Store) {
        with_sample(&store).await;
        let (person, unit) = (PersonId::new(id(1)), UnitId::new(id(2)));
        store.write(move |tx| tx.insert_many("thing", &["id"],
            [params![Subject::Person(person)], params![Subject::Unit(unit)]], "")).await.unwrap();
        let found = store.read(|r| r.query("SELECT id FROM thing ORDER BY id", params![], |row| row.get::<UnitId>(0))).await.unwrap();
        assert_eq!(found, [UnitId::new(id(1)), unit]);
    }

    async fn what_one_database_cannot_keep_both_refuse(store: Store) {
        with_sample(&store).await;
        let refused: [(&str, Value); 5] = [
            ("real", f64::NAN.into()),
            ("real", f64::INFINITY.into()),
            ("word", "a\0b".into()),
            ("at", Instant::from_micros(i64::MIN).into()),
            ("number", Value::list([1_i64])),
        ];
        for (column, value) in refused {
            let bulk = value.clone();
            let one = store.write(move |tx| tx.execute(format!("INSERT INTO thing (id, {column}) VALUES ($1, $2)"),
                [Value::Id(id(1)), value])).await;
            let many = store.write(move |tx| tx.insert_many("thing", &["id", column], [[Value::Id(id(1)), bulk]], "")).await;
            assert!(matches!(many, Err(Error::BadValue { .. })), "{column}: {many:?}");
            if column != "number" {
                assert!(matches!(one, Err(Error::BadValue { .. })), "{column}: {one:?}");
            }
            assert!(one.is_err());
        }
        assert_eq!(store.read(read_all).await.unwrap(), []);
    }

    async fn a_wrong_type_names_column_and_statement(store: Store) {
        with_sample(&store).await;
        store.write(|tx| tx.execute("INSERT INTO thing (id, word, number) VALUES ($1, $2, $3)",
            params![id(1), "week", i64::MAX])).await.unwrap();
        let get = |column: &'static str, read: fn(&store::db::Row<'_>) -> Result<(), Error>| {
            let store = store.clone();
            async move {
                let sql = format!("SELECT id, {column} FROM thing");
                store.read(move |r| r.query_one(sql, params![], read)).await.unwrap_err().to_string()
            }
        };
        let wrong = get("word", |row| row.get::<i64>(1).map(drop)).await;
        assert!(wrong.contains("column 1 (word)") && wrong.contains("SELECT id, word FROM thing"), "{wrong}");
        let null = get("day", |row| row.get::<Day>(1).map(drop)).await;
        assert!(null.contains("expected a day, found Null"), "{null}");
        let large = get("number", |row| row.get::<i32>(1).map(drop)).await;
        assert!(large.contains("32 bits"), "{large}");
        let beyond = get("word", |row| row.get::<String>(9).map(drop)).await;
        assert!(beyond.contains("column 9"), "{beyond}");
        let word = get("word", |row| row.word(1, |_| None::<()>)).await;
        assert!(word.contains("`week`"), "{word}");
        let known = store.read(|r| r.query_one("SELECT word FROM thing", params![],
            |row| row.word(0, Cadence::from_word))).await.unwrap();
        assert_eq!(known, Some(Cadence::Week));
    }

    async fn sums_counts_and_averages_read_as_numbers(store: Store) {
        with_sample(&store).await;
        store.write(|tx| tx.insert_many("thing", &["id", "number"],
            (1..=4_i64).map(|n| params![id(n as u128), n * 1_000_000_007]), "")).await.unwrap();
        let read = store.read(|r| r.query_one(
            "SELECT COUNT(*), SUM(number), CAST(AVG(number) AS {double})".replace("{double}", "DOUBLE PRECISION")
                + ", SUM(number * 0.25), SUM(-number) FROM thing",
            params![],
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<f64>(2)?, row.get::<f64>(3)?, row.get::<i64>(4)?)),
        )).await.unwrap().unwrap();
        assert_eq!(read, (4, 10_000_000_070, 2_500_000_017.5, 2_500_000_017.5, -10_000_000_070));
        // A parameter beside a NUMERIC sum is NUMERIC on PostgreSQL.
        for (limit, expected) in [(Value::Int(10_000_000_069), true), (Value::Int(10_000_000_070), false),
            (Value::Int(-5), true), (Value::Real(10_000_000_069.75), true), (Value::Real(10_000_000_070.25), false)] {
            let found = store.read(move |r| r.query_one("SELECT SUM(number) > $1 FROM thing", [limit], |row| row.get::<bool>(0))).await.unwrap();
            assert_eq!(found, Some(expected));
        }
    }

    async fn lists_of_any_length_match(store: Store) {
        with_sample(&store).await;
        store.write(|tx| tx.insert_many("thing", &["id", "number", "word", "day"], (0..6000_i64).map(|n| {
            params![id(n as u128), n + 100, format!("w{n}"), Day::from_number(n as i32)]
        }), "")).await.unwrap();
        for length in [0, 1, 5000] {
            let counts = store.read(move |r| -> Result<_, Error> {
                let mut count = |column: &str, list: Value| r.query_one(
                    format!("SELECT COUNT(*) FROM thing WHERE {column} = ANY($1)"), [list], |row| row.get::<usize>(0));
                Ok([
                    count("id", Value::list((0..length).map(|n| id(n as u128))))?,
                    count("number", Value::list((0..length).map(|n| n as i64 + 100)))?,
                    count("word", Value::list((0..length).map(|n| format!("w{n}"))))?,
                    count("day", Value::list((0..length).map(Day::from_number)))?,
                ])
            }).await.unwrap();
            assert_eq!(counts, [Some(length as usize); 4]);
            let others = store.read(move |r| r.query_one("SELECT COUNT(*) FROM thing WHERE id <> ALL($1)",
                [Value::list((0..length).map(|n| id(n as u128)))], |row| row.get::<usize>(0))).await.unwrap();
            assert_eq!(others, Some(6000 - length as usize));
        }
    }

    async fn parameters_are_bound_by_their_number(store: Store) {
        with_sample(&store).await;
        let swapped = |tx: &mut Tx| -> Result<_, Error> {
            tx.execute("INSERT INTO thing (word, number, id, small) VALUES ($3, $2, $1, CASE WHEN '$9' = $3 THEN 1 END)",
                params![id(1), 2, "$9"])?;
            tx.query_one("SELECT word, number, small FROM thing WHERE id = $2 AND number = $1 AND (id = $2)", params![2, id(1)],
                |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)))
        };
        assert_eq!(store.write(swapped).await.unwrap(), Some(("$9".to_owned(), 2, 1)));
        for params in [vec![], params![1, 2].to_vec()] {
            let wrong = store.read(move |r| r.exists("SELECT 1 FROM thing WHERE number = $1", params)).await;
            assert!(matches!(wrong, Err(Error::BadValue { .. })), "{wrong:?}");
        }
    }

    async fn large_answers_stream(store: Store) {
        with_sample(&store).await;
        store.write(|tx| tx.insert_many("thing", &["id", "number"],
            (100..10_100_i64).map(|n| params![id(n as u128), n]), "")).await.unwrap();
        let (mut sum, mut seen) = (0, 0);
        let sums = store.read(move |r| -> Result<_, Error> {
            r.each("SELECT number FROM thing", params![], |row| {
                sum += row.get::<i64>(0)?;
                seen += 1;
                Ok(())
            })?;
            Ok((sum, seen))
        }).await.unwrap();
        assert_eq!(sums, ((100..10_100).sum(), 10_000));
        let stopped = store.read(|r| r.query_one("SELECT number FROM thing", params![], |row| row.get::<i64>(0))).await;
        assert!(stopped.unwrap_err().to_string().contains("more than one row"));
    }
}
