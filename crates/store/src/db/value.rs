//! Values on their way in ([`Value`]) and out ([`FromValue`]), the same for both databases.
//!
//! | Value | SQLite | PostgreSQL |
//! |---|---|---|
//! | `Id` | 16-byte BLOB | UUID |
//! | `Instant` | INTEGER, microseconds since 1970 | TIMESTAMPTZ |
//! | `Day` | INTEGER, days since 1970-01-01 | DATE |
//! | `Bool` | INTEGER 0 or 1 | BOOLEAN |
//! | `Int`, `Real`, `Text`, `Bytes` | INTEGER, REAL, TEXT, BLOB | BIGINT, DOUBLE PRECISION, TEXT, BYTEA |

use domain::ids::{Id, Subject};
use domain::time::{Day, Instant};
use uuid::Uuid;

/// One parameter of a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite number; NaN and infinities are refused when bound.
    Real(f64),
    /// Text without NUL characters (PostgreSQL cannot keep them, so both refuse them).
    Text(String),
    /// Any bytes.
    Bytes(Vec<u8>),
    /// A UUID.
    Id(Uuid),
    /// A moment.
    Instant(Instant),
    /// A calendar day.
    Day(Day),
    /// Several values for `column = ANY($1)`; see [`Value::list`].
    List(Vec<Value>),
}

impl Value {
    /// A list for `column = ANY($n)` or `column <> ALL($n)`, of any length, also none.
    ///
    /// ```
    /// # use store::db::Value;
    /// let wanted = Value::list([1_i64, 2, 3]);
    /// assert_eq!(wanted, Value::List(vec![Value::Int(1), Value::Int(2), Value::Int(3)]));
    /// ```
    pub fn list<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Self {
        Value::List(items.into_iter().map(Into::into).collect())
    }

    /// Refuses what one of the two databases could not keep, so that both behave alike.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match self {
            Value::Real(x) if !x.is_finite() => {
                Err("NaN and infinities cannot be stored; a missing number is NULL")
            }
            Value::Text(text) if text.as_bytes().contains(&0) => {
                Err("text cannot hold the NUL character; remove it or store bytes")
            }
            Value::Instant(at) if at.micros() < EARLIEST => {
                Err("moments before the year −4712 cannot be stored")
            }
            Value::List(items) => items.iter().try_for_each(|item| match item {
                Value::List(_) => Err("a list cannot hold lists"),
                Value::Null => Err("a list cannot hold NULL, which is never equal to anything"),
                other => other.check(),
            }),
            _ => Ok(()),
        }
    }

    /// What kind of value it is, in words for an error.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "NULL",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "a whole number",
            Value::Real(_) => "a number",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::Id(_) => "an id",
            Value::Instant(_) => "a moment",
            Value::Day(_) => "a day",
            Value::List(_) => "a list",
        }
    }
}

/// The first moment PostgreSQL's TIMESTAMPTZ can hold (4714-11-24 BC), in microseconds since 1970.
const EARLIEST: i64 = -210_866_803_200_000_000;

macro_rules! into_value {
    ($($from:ty, $x:ident => $value:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($x: $from) -> Self { $value }
        }
    )*};
}

into_value! {
    bool, x => Value::Bool(x);
    u8, x => Value::Int(x.into());
    i16, x => Value::Int(x.into());
    u16, x => Value::Int(x.into());
    i32, x => Value::Int(x.into());
    u32, x => Value::Int(x.into());
    i64, x => Value::Int(x);
    f64, x => Value::Real(x);
    String, x => Value::Text(x);
    &str, x => Value::Text(x.to_owned());
    &String, x => Value::Text(x.clone());
    Vec<u8>, x => Value::Bytes(x);
    &[u8], x => Value::Bytes(x.to_vec());
    Uuid, x => Value::Id(x);
    Instant, x => Value::Instant(x);
    Day, x => Value::Day(x);
    Subject, x => Value::Id(x.uuid());
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(x: Option<T>) -> Self {
        x.map_or(Value::Null, Into::into)
    }
}

/// Parameters of a statement: `params![person, day, Some(3.5)]` gives an array of [`Value`].
#[macro_export]
macro_rules! params {
    () => { <[$crate::db::Value; 0]>::default() };
    ($($x:expr),+ $(,)?) => { [$($crate::db::Value::from($x)),+] };
}

/// What a database gives for one column of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// PostgreSQL only; SQLite gives 0 or 1.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Real(f64),
    /// Text.
    Text(&'a str),
    /// Bytes; on SQLite also ids.
    Bytes(&'a [u8]),
    /// PostgreSQL only; SQLite gives 16 bytes.
    Id(Uuid),
    /// PostgreSQL only; SQLite gives microseconds.
    Instant(Instant),
    /// PostgreSQL only; SQLite gives a day number.
    Day(Day),
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// What the column should have held, in words for an error.
    const WANTED: &'static str;
    /// The value, or `None` where the cell holds something else.
    fn from_cell(cell: Cell<'_>) -> Option<Self>;
}

macro_rules! from_value {
    ($($to:ty, $wanted:literal, $cell:ident => $value:expr;)*) => {$(
        impl FromValue for $to {
            const WANTED: &'static str = $wanted;
            fn from_cell($cell: Cell<'_>) -> Option<Self> { $value }
        }
    )*};
}

fn whole(cell: Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Int(x) => Some(x),
        _ => None,
    }
}

from_value! {
    i64, "a whole number", cell => whole(cell);
    i32, "a whole number of 32 bits", cell => whole(cell)?.try_into().ok();
    u32, "a whole number from 0 to 4294967295", cell => whole(cell)?.try_into().ok();
    i16, "a whole number of 16 bits", cell => whole(cell)?.try_into().ok();
    u16, "a whole number from 0 to 65535", cell => whole(cell)?.try_into().ok();
    u8, "a whole number from 0 to 255", cell => whole(cell)?.try_into().ok();
    u64, "a whole number of at least 0", cell => whole(cell)?.try_into().ok();
    usize, "a whole number of at least 0", cell => whole(cell)?.try_into().ok();
    f64, "a number", cell => match cell {
        Cell::Real(x) => Some(x),
        Cell::Int(x) => Some(x as f64),
        _ => None,
    };
    bool, "true or false", cell => match cell {
        Cell::Bool(x) => Some(x),
        Cell::Int(0) => Some(false),
        Cell::Int(1) => Some(true),
        _ => None,
    };
    String, "text", cell => match cell {
        Cell::Text(x) => Some(x.to_owned()),
        _ => None,
    };
    Vec<u8>, "bytes", cell => match cell {
        Cell::Bytes(x) => Some(x.to_vec()),
        _ => None,
    };
    Uuid, "an id", cell => match cell {
        Cell::Id(x) => Some(x),
        Cell::Bytes(x) => Uuid::from_slice(x).ok(),
        _ => None,
    };
    Instant, "a moment", cell => match cell {
        Cell::Instant(x) => Some(x),
        Cell::Int(x) => Some(Instant::from_micros(x)),
        _ => None,
    };
    Day, "a day", cell => match cell {
        Cell::Day(x) => Some(x),
        Cell::Int(x) => Some(Day::from_number(x.try_into().ok()?)),
        _ => None,
    };
}

impl<T: FromValue> FromValue for Option<T> {
    const WANTED: &'static str = T::WANTED;
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            other => T::from_cell(other).map(Some),
        }
    }
}

macro_rules! typed_ids {
    ($($name:ident)*) => {$(
        impl From<domain::ids::$name> for Value {
            fn from(id: domain::ids::$name) -> Self { Value::Id(id.uuid()) }
        }
        impl FromValue for domain::ids::$name {
            const WANTED: &'static str = <domain::ids::$name as Id>::PREFIX;
            fn from_cell(cell: Cell<'_>) -> Option<Self> { Uuid::from_cell(cell).map(Self::new) }
        }
    )*};
}
domain::for_each_id!(typed_ids);
