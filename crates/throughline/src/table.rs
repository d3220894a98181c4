//! A table from a file as people have it: CSV with commas, semicolons or tabs, or Parquet.

use anyhow::{Context, bail};
use bytes::Bytes;
use evidence::methods::{Column, Table};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

/// What a Parquet file begins with.
const PARQUET: &[u8] = b"PAR1";
/// Whole numbers beyond this are not all different as floating-point numbers; such a column is read as names.
const EXACT: u64 = 1 << 53;

/// Reads a table. The content says what it is, not the file's name.
///
/// `cohort` names the column of starts, in which an infinite value means never, as statistics packages write it.
///
/// # Errors
/// The place (line or row, column), the reason and the remedy.
pub(crate) fn parse(bytes: Vec<u8>, cohort: Option<&str>) -> anyhow::Result<Table> {
    if bytes.starts_with(PARQUET) { parquet(bytes, cohort) } else { csv(&bytes, cohort) }
}

fn is_missing(field: &str) -> bool {
    matches!(field, "" | "." | "NA" | "N/A" | "NaN" | "nan" | "null" | "NULL")
}

/// The first line names the columns; a column whose values are all numbers or missing is numeric.
fn csv(bytes: &[u8], cohort: Option<&str>) -> anyhow::Result<Table> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| first.iter().filter(|b| **b == delimiter).count();
    let delimiter = [b',', b';', b'\t'].into_iter().rev().max_by_key(|d| count(*d)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(bytes);
    let names: Vec<String> = reader.headers().context("line 1")?.iter().map(str::to_owned).collect();
    if names.is_empty() || (names.len() == 1 && names[0].is_empty()) {
        bail!("line 1: no column names. The first line names the columns, separated by commas");
    }
    let mut fields: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        for ((column, name), field) in fields.iter_mut().zip(&names).zip(&record) {
            let infinite = field.parse::<f64>().is_ok_and(f64::is_infinite);
            if infinite && cohort != Some(name.as_str()) {
                bail!(
                    "line {line}, column {name}: `{field}` is not a finite number. Correct it, or leave it empty for missing"
                );
            }
            column.push((!infinite && !is_missing(field)).then(|| field.to_owned()));
        }
    }
    let columns = names.into_iter().zip(fields).map(|(name, values)| {
        let numeric = values.iter().flatten().all(|v| v.parse::<f64>().is_ok());
        let column = if numeric {
            Column::Numbers(values.iter().map(|v| v.as_ref().and_then(|v| v.parse().ok())).collect())
        } else {
            Column::Labels(values)
        };
        (name, column)
    });
    Ok(Table::new(columns.collect())?)
}

/// A value of a Parquet column.
enum Cell {
    Missing,
    Number(f64),
    /// A whole number that [`EXACT`] is too small for, or text.
    Name(String),
}

fn cell(field: &Field) -> anyhow::Result<Cell> {
    let whole = |v: i128| {
        if v.unsigned_abs() <= u128::from(EXACT) { Cell::Number(v as f64) } else { Cell::Name(v.to_string()) }
    };
    let real = |v: f64| if v.is_nan() { Cell::Missing } else { Cell::Number(v) };
    Ok(match field {
        Field::Null => Cell::Missing,
        Field::Bool(v) => Cell::Number(f64::from(u8::from(*v))),
        Field::Byte(v) => whole(i128::from(*v)),
        Field::Short(v) => whole(i128::from(*v)),
        Field::Int(v) | Field::Date(v) | Field::TimeMillis(v) => whole(i128::from(*v)),
        Field::Long(v) | Field::TimeMicros(v) | Field::TimestampMillis(v) | Field::TimestampMicros(v) => {
            whole(i128::from(*v))
        }
        Field::UByte(v) => whole(i128::from(*v)),
        Field::UShort(v) => whole(i128::from(*v)),
        Field::UInt(v) => whole(i128::from(*v)),
        Field::ULong(v) => whole(i128::from(*v)),
        Field::Float16(v) => real(f64::from(*v)),
        Field::Float(v) => real(f64::from(*v)),
        Field::Double(v) => real(*v),
        Field::Str(v) if is_missing(v.trim()) => Cell::Missing,
        Field::Str(v) => Cell::Name(v.trim().to_owned()),
        Field::Decimal(_) => match field.to_string().parse() {
            Ok(v) => real(v),
            Err(_) => bail!("a decimal number that cannot be read"),
        },
        Field::Bytes(_) => bail!("bytes that are no text. Write the column as text or as numbers"),
        Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => {
            bail!("a list or a record in one cell. Write one plain value for each row")
        }
    })
}

fn parquet(bytes: Vec<u8>, cohort: Option<&str>) -> anyhow::Result<Table> {
    let reader = SerializedFileReader::new(Bytes::from(bytes))
        .context("the Parquet file is damaged or uses what is not known here. Write it again, or as CSV")?;
    let schema = reader.metadata().file_metadata().schema();
    let names: Vec<String> = schema.get_fields().iter().map(|f| f.name().to_owned()).collect();
    let mut columns: Vec<Vec<Cell>> = names.iter().map(|_| Vec::new()).collect();
    let rows = reader.get_row_iter(None).context("the Parquet file")?;
    for (at, row) in rows.enumerate() {
        let row = row.with_context(|| format!("row {}", at + 1))?;
        for (column, (name, field)) in columns.iter_mut().zip(row.get_column_iter()) {
            let place = || format!("row {}, column {name}", at + 1);
            let value = match cell(field).with_context(place)? {
                Cell::Number(v) if v.is_infinite() && cohort == Some(name.as_str()) => Cell::Missing,
                Cell::Number(v) if v.is_infinite() => {
                    bail!("{}: the number is not finite. Correct it, or leave it empty for missing", place())
                }
                value => value,
            };
            column.push(value);
        }
    }
    let columns = names.into_iter().zip(columns).map(|(name, cells)| {
        let numeric = cells.iter().all(|c| !matches!(c, Cell::Name(_)));
        let column = if numeric {
            Column::Numbers(
                cells.iter().map(|c| if let Cell::Number(v) = c { Some(*v) } else { None }).collect(),
            )
        } else {
            Column::Labels(
                cells
                    .into_iter()
                    .map(|c| match c {
                        Cell::Missing => None,
                        Cell::Number(v) => Some(v.to_string()),
                        Cell::Name(v) => Some(v),
                    })
                    .collect(),
            )
        };
        (name, column)
    });
    Ok(Table::new(columns.collect())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> anyhow::Result<Table> {
        super::parse(bytes.to_vec(), Some("first"))
    }

    #[test]
    fn tables_as_people_have_them() {
        let expected = vec![
            ("unit".to_owned(), Column::Labels(["a", "b", "c"].map(|v| Some(v.to_owned())).to_vec())),
            ("y".to_owned(), Column::Numbers(vec![Some(1.5), None, None])),
            ("first".to_owned(), Column::Numbers(vec![None, Some(3.0), None])),
        ];
        let expected = Table::new(expected).unwrap();
        for delimiter in [',', ';', '\t'] {
            let text =
                "\u{feff}unit, y ,first\na,1.5,\nb,NA,3\nc,.,inf\n".replace(',', &delimiter.to_string());
            assert_eq!(parse(text.as_bytes()).unwrap(), expected);
        }
    }

    #[test]
    fn bad_tables_name_the_place() {
        let says = |text: &[u8]| format!("{:#}", parse(text).unwrap_err());
        assert!(says(b"").contains("line 1"));
        assert!(says(b"y,x\n1,2\n3,inf\n").contains("line 3, column x"));
        assert!(says(b"y,x\n1,2\n3\n").contains("line: 3"), "{}", says(b"y,x\n1,2\n3\n"));
        assert!(says(b"y,y\n1,2\n").contains("two columns"));
        assert!(says(b"y\n\xff\xfe\n").contains("UTF-8"));
        assert!(says(b"PAR1").contains("Parquet"));
        assert!(says(b"PAR1 and then nothing that makes sense PAR1").contains("Parquet"));
    }

    /// Written by polars 2.1.0 from the same four rows, with three kinds of compression.
    #[test]
    fn parquet_is_read_like_csv() {
        let expected = Table::new(vec![
            ("unit".to_owned(), Column::Labels(["a", "a", "b", "b"].map(|v| Some(v.to_owned())).to_vec())),
            ("time".to_owned(), Column::Numbers([1.0, 2.0, 1.0, 2.0].map(Some).to_vec())),
            ("first".to_owned(), Column::Numbers(vec![Some(2.0), Some(2.0), None, None])),
            ("on".to_owned(), Column::Numbers([0.0, 1.0, 0.0, 0.0].map(Some).to_vec())),
            ("y".to_owned(), Column::Numbers(vec![Some(1.5), Some(2.5), None, Some(0.25)])),
        ])
        .unwrap();
        for bytes in [
            &include_bytes!("../tests/data/panel-zstd.parquet")[..],
            &include_bytes!("../tests/data/panel-snappy.parquet")[..],
            &include_bytes!("../tests/data/panel-plain.parquet")[..],
        ] {
            assert_eq!(parse(bytes).unwrap(), expected);
            // Half a file is an error and no panic, wherever it ends.
            for end in 4..bytes.len() {
                assert!(parse(&bytes[..end]).is_err());
            }
        }
    }
}
