//! Our values in PostgreSQL's binary format, fitted to the type the server says a parameter has.

use std::fmt;

use bytes::{BufMut, BytesMut};
use domain::time::{Day, Instant};
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use super::tx::Cells;
use super::value::{Cell, Value};

type Failure = Box<dyn std::error::Error + Sync + Send>;

/// Microseconds and days from 1970 to 2000, where PostgreSQL starts to count.
const MICROS_TO_2000: i64 = 946_684_800_000_000;
const DAYS_TO_2000: i32 = 10_957;

/// A value that does not fit the type of its parameter.
#[derive(Debug, thiserror::Error)]
#[error(
    "{found} cannot be bound where the statement needs {wanted}; cast the parameter or bind another type"
)]
pub(super) struct Unbindable {
    found: String,
    wanted: String,
}

/// One column of `insert_many`.
#[derive(Debug, Default)]
pub(super) struct Column(pub(super) Vec<Value>);

impl ToSql for Column {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        self.0.to_sql(ty, out)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        let misfit = || -> Failure {
            let found = match self {
                Value::Int(x) => format!("the whole number {x}"),
                other => other.kind().to_owned(),
            };
            Unbindable { found, wanted: ty.name().to_owned() }.into()
        };
        match (self, ty) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Bool(x), &Type::BOOL) => out.put_u8(u8::from(*x)),
            (Value::Int(x), &Type::INT8) => out.put_i64(*x),
            (Value::Int(x), &Type::INT4) => out.put_i32(i32::try_from(*x).map_err(|_| misfit())?),
            (Value::Int(x), &Type::INT2) => out.put_i16(i16::try_from(*x).map_err(|_| misfit())?),
            (Value::Int(x), &Type::FLOAT8) => out.put_f64(*x as f64),
            (Value::Int(x), &Type::NUMERIC) => put_numeric(&x.to_string(), out),
            (Value::Real(x), &Type::FLOAT8) => out.put_f64(*x),
            (Value::Real(x), &Type::FLOAT4) => out.put_f32(*x as f32),
            (Value::Real(x), &Type::NUMERIC) => put_numeric(&x.to_string(), out),
            (Value::Text(x), &Type::TEXT | &Type::VARCHAR | &Type::BPCHAR | &Type::NAME | &Type::UNKNOWN) => {
                out.put_slice(x.as_bytes());
            }
            (Value::Bytes(x), &Type::BYTEA) => out.put_slice(x),
            (Value::Id(x), &Type::UUID) => out.put_slice(x.as_bytes()),
            (Value::Instant(x), &Type::TIMESTAMPTZ) => out.put_i64(x.micros() - MICROS_TO_2000),
            (Value::Day(x), &Type::DATE) => out.put_i32(x.number() - DAYS_TO_2000),
            (Value::List(items), ty) if matches!(ty.kind(), Kind::Array(_)) => return items.to_sql(ty, out),
            _ => return Err(misfit()),
        }
        Ok(IsNull::No)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}

/// Writes plain decimal text as NUMERIC: groups of four digits, the place of the first group, sign, decimals.
fn put_numeric(text: &str, out: &mut BytesMut) {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let group = |digits: &[u8]| digits.iter().fold(0_i16, |n, d| n * 10 + i16::from(d - b'0'));
    let padded = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
    let decimals = format!("{part}{}", "0".repeat((4 - part.len() % 4) % 4));
    let groups: Vec<i16> =
        padded.as_bytes().chunks(4).chain(decimals.as_bytes().chunks(4)).map(group).collect();
    out.put_i16(groups.len() as i16);
    out.put_i16((padded.len() / 4) as i16 - 1);
    out.put_u16(if negative { 0x4000 } else { 0 });
    out.put_i16(part.len() as i16);
    groups.into_iter().for_each(|g| out.put_i16(g));
}

/// Reads NUMERIC, which sums of BIGINT have: a whole number where it is one and fits, otherwise the nearest double.
fn numeric(raw: &[u8]) -> Result<Cell<'static>, Failure> {
    let word = |i: usize| -> Result<[u8; 2], Failure> {
        raw.get(2 * i..2 * i + 2).and_then(|b| b.try_into().ok()).ok_or_else(|| "a damaged NUMERIC".into())
    };
    let count = usize::from(u16::from_be_bytes(word(0)?));
    let weight = i32::from(i16::from_be_bytes(word(1)?));
    let sign = u16::from_be_bytes(word(2)?);
    if sign != 0 && sign != 0x4000 {
        return Err("NUMERIC NaN or infinity".into());
    }
    let mut text = String::from(if sign == 0 { "0" } else { "-0" });
    let groups: Vec<u16> =
        (0..count).map(|i| word(4 + i).map(u16::from_be_bytes)).collect::<Result<_, Failure>>()?;
    let at =
        |place: i32| usize::try_from(weight - place).ok().and_then(|i| groups.get(i)).copied().unwrap_or(0);
    for place in (0..=weight.max(0)).rev() {
        text.push_str(&format!("{:04}", at(place)));
    }
    let lowest = weight + 1 - count as i32;
    let whole = (lowest..0).all(|place| at(place) == 0);
    if whole && let Ok(n) = text.parse::<i64>() {
        return Ok(Cell::Int(n));
    }
    text.push('.');
    for place in (lowest..0).rev() {
        text.push_str(&format!("{:04}", at(place)));
    }
    Ok(Cell::Real(text.parse()?))
}

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(match *ty {
            Type::BOOL => Cell::Bool(bool::from_sql(ty, raw)?),
            Type::INT2 => Cell::Int(i16::from_sql(ty, raw)?.into()),
            Type::INT4 => Cell::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Cell::Int(i64::from_sql(ty, raw)?),
            Type::OID => Cell::Int(u32::from_sql(ty, raw)?.into()),
            Type::FLOAT4 => Cell::Real(f32::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Cell::Real(f64::from_sql(ty, raw)?),
            Type::NUMERIC => numeric(raw)?,
            Type::BYTEA => Cell::Bytes(raw),
            Type::UUID => Cell::Id(Uuid::from_slice(raw)?),
            Type::TIMESTAMPTZ => {
                let micros = i64::from_be_bytes(raw.try_into()?);
                Cell::Instant(Instant::from_micros(micros.saturating_add(MICROS_TO_2000)))
            }
            Type::DATE => {
                let days = i32::from_be_bytes(raw.try_into()?);
                Cell::Day(Day::from_number(days.saturating_add(DAYS_TO_2000)))
            }
            _ => Cell::Text(<&str>::from_sql(ty, raw)?),
        })
    }
    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Cell::Null)
    }
    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::BOOL
                | Type::INT2
                | Type::INT4
                | Type::INT8
                | Type::OID
                | Type::FLOAT4
                | Type::FLOAT8
                | Type::NUMERIC
                | Type::BYTEA
                | Type::UUID
                | Type::TIMESTAMPTZ
                | Type::DATE
        ) || <&str as FromSql>::accepts(ty)
    }
}

impl Cells for tokio_postgres::Row {
    fn cell(&self, index: usize) -> Result<Cell<'_>, String> {
        self.try_get(index).map_err(|e| {
            let reason: &dyn fmt::Display = &e;
            std::error::Error::source(&e).map_or_else(|| reason.to_string(), |s| format!("{reason}: {s}"))
        })
    }
    fn name(&self, index: usize) -> Option<&str> {
        self.columns().get(index).map(tokio_postgres::Column::name)
    }
}
