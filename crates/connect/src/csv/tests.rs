//! Ugly files by value: what goes in, and what must come out.

use std::io::Read;

use domain::time::{Cadence, Period};
use proptest::prelude::*;

use super::records::{Record, Records};
use super::*;

fn columns() -> Vec<Column> {
    vec![
        Column::key("subject", &["person"], Kind::Text),
        Column::key("day", &["date"], Kind::Period),
        Column::new("value", &["wert"], Kind::Number).required(),
        Column::new("note", &[], Kind::Text),
    ]
}

/// Every row as `line: subject day value`, then every problem as it is shown.
fn read_with(bytes: &[u8], options: &Options) -> (Vec<String>, Vec<String>, Option<Dialect>) {
    let table = match Table::open(bytes, columns(), options) {
        Ok(table) => table,
        Err(problems) => return (vec![], problems.listed.iter().map(ToString::to_string).collect(), None),
    };
    let mut rows = Vec::new();
    let (problems, dialect) = table.each(|row| {
        let subject = row.required(0).unwrap_or("").to_owned();
        let day = row.period(1).map_or("-".to_owned(), shown);
        let value = row.number(2).map_or("-".to_owned(), |v| v.to_string());
        let note = row.text(3).map_or(String::new(), |n| format!(" {n}"));
        if row.is_sound() {
            rows.push(format!("{}: {subject} {day} {value}{note}", row.line()));
        }
    });
    (rows, problems.listed.iter().map(ToString::to_string).collect(), Some(dialect))
}

fn shown(p: Period) -> String {
    if p.cadence == Cadence::Day { p.start.to_string() } else { format!("{}@{}", p.cadence.word(), p.start) }
}

#[track_caller]
fn check(file: impl AsRef<[u8]>, rows: &[&str], problems: &[&str]) -> Dialect {
    let (got, found, dialect) = read_with(file.as_ref(), &Options::default());
    assert_eq!((got, found), (owned(rows), owned(problems)));
    dialect.expect("the file opens")
}

#[track_caller]
fn refused(file: impl AsRef<[u8]>, problems: &[&str]) {
    let (_, found, dialect) = read_with(file.as_ref(), &Options::default());
    assert_eq!((found, dialect), (owned(problems), None));
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}

const ONE: &[&str] = &["2: maya 2026-03-18 1.5"];

#[test]
fn separators_line_ends_and_marks() {
    for (file, separator) in [
        ("subject,day,value\nmaya,2026-03-18,1.5\n", Separator::Comma),
        ("subject;day;value\r\nmaya;2026-03-18;1,5\r\n", Separator::Semicolon),
        ("subject\tday\tvalue\rmaya\t2026-03-18\t1.5\r", Separator::Tab),
        ("Subject | Day | VALUE\nmaya | 2026-03-18 | 1.5", Separator::Bar),
        ("\u{feff}subject;day;value\nmaya;18.03.2026;1,5", Separator::Semicolon),
        ("\"subject\",\"day\",\"value\"\n\"maya\",\"2026-03-18\",\"1,5\"\n", Separator::Comma),
        ("subject,day,value,,\nmaya,2026-03-18,1.5,,\n", Separator::Comma),
    ] {
        assert_eq!(check(file, ONE, &[]).separator, separator, "{file:?}");
    }
    let told = check("sep=|\nsubject|day|value\nmaya|2026-03-18|1.5", &["3: maya 2026-03-18 1.5"], &[]);
    assert_eq!((told.separator, told.header_line), (Separator::Bar, 2));
}

#[test]
fn encodings() {
    let file = "person;date;wert\nMüller;2026-03-18;1,5\n";
    let rows = &["2: Müller 2026-03-18 1.5"];
    let latin: Vec<u8> = file.chars().map(|c| c as u8).collect();
    let wide = |be: bool, bom: bool| -> Vec<u8> {
        let units = bom.then_some(0xfeff).into_iter().chain(file.encode_utf16());
        units.flat_map(|u| if be { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    for (bytes, encoding) in [
        (file.as_bytes().to_vec(), Encoding::Utf8),
        (latin, Encoding::Windows1252),
        (wide(false, true), Encoding::Utf16Le),
        (wide(true, true), Encoding::Utf16Be),
        (wide(false, false), Encoding::Utf16Le),
        (wide(true, false), Encoding::Utf16Be),
    ] {
        assert_eq!(check(bytes, rows, &[]).encoding, encoding);
    }
    // Three good umlauts and one broken character: damaged UTF-8, not Latin-1.
    refused(
        b"person,date,value\n\xc3\xbc\xc3\xbc\xc3\xbc,2026-03-18,1\nx\xffy,2026-03-18,1\n",
        &[
            "line 3, the file is UTF-8 up to here, and then it is not; save it again as UTF-8, or as windows-1252 throughout",
        ],
    );
}

#[test]
fn what_is_not_a_text_file_is_named() {
    refused(
        b"PK\x03\x04rest",
        &["this is a workbook or an archive, not a CSV file; save the sheet as “CSV UTF-8” and send that"],
    );
    refused(b"%PDF-1.7", &["this is a PDF or a packed file, not a CSV file; send the unpacked CSV file"]);
    for empty in ["", "\n\n  \n", "\u{feff}"] {
        refused(empty, &["the file is empty; the first line names the columns: subject, day, value, note"]);
    }
}

#[test]
fn quotes() {
    check(
        "subject,day,value,note\nmaya,2026-03-18,1,\"a \"\"b\"\", c\nd\"\nnoor,2026-03-19,2,5\" pipe\n",
        &["2: maya 2026-03-18 1 a \"b\", c\nd", "4: noor 2026-03-19 2 5\" pipe"],
        &[],
    );
    check(
        "subject,day,value,note\nmaya,2026-03-18,1,\"a\" b\nnoor,2026-03-19,2,\nola,2026-03-19,3,\"never\n",
        &["3: noor 2026-03-19 2"],
        &[
            "line 2, column `note`, text follows the closing quote; put the whole field in quotes, and write a quote inside it twice",
            "line 4, column `note`, a quote is opened here and never closed; close the quote, or write a quote inside a field twice",
        ],
    );
}

#[test]
fn headers() {
    refused(
        "person,datum,wert\nmaya,2026-03-18,1\n",
        &[
            "line 1, column `datum`, nobody knows this column; rename it to one of subject, day, value, note, or name it as a column to leave out",
            "line 1, `person · datum · wert`: the column `day` is missing; add a column named day (or date)",
        ],
    );
    check(
        "Person,DATE,wert,value\nmaya,2026-03-18,1,2\n",
        &["2: maya 2026-03-18 1"],
        &["line 1, column `value`, the column `value` is there twice; leave one of them out"],
    );
    let options = Options { leave_out: vec!["Cost centre".into()], ..Options::default() };
    let file = "subject,cost_CENTRE,day,value\nmaya,9,2026-03-18,1\n";
    let (rows, problems, dialect) = read_with(file.as_bytes(), &options);
    assert_eq!((rows, problems), (owned(&["2: maya 2026-03-18 1"]), vec![]));
    assert_eq!(dialect.unwrap().left_out, ["cost_CENTRE"]);
}

#[test]
fn shapes_of_lines() {
    let dialect = check(
        "\n\nsubject,day,value\n\nmaya,2026-03-18,1,,\n,,\nnoor,2026-03-18\nola,2026-03-18,3,4\nlast,2026-03-18,5\n\n",
        &["5: maya 2026-03-18 1", "9: last 2026-03-18 5"],
        &[
            "line 7, column `value`, the line has 2 fields and the header has 3; add the fields that are missing, even if empty",
            "line 8, column `number 4`, `4`: the line has 4 fields and the header has 3; put quotes around fields that contain a comma",
        ],
    );
    assert_eq!((dialect.header_line, dialect.rows, dialect.blank_lines), (3, 4, 3));
}

#[test]
fn numbers() {
    for (written, value) in [
        ("1.5", 1.5),
        ("-3", -3.0),
        ("\u{2212}3.5", -3.5),
        ("(3.5)", -3.5),
        ("3.5-", -3.5),
        ("+7", 7.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1.5E-2", 0.015),
        ("\"1,234,567.5\"", 1_234_567.5),
        ("1 234.5", 1234.5),
        ("1\u{a0}234.5", 1234.5),
        ("1\u{202f}234", 1234.0),
        ("1'234.5", 1234.5),
        ("1’234’567", 1_234_567.0),
        ("\"1,234.50 €\"", 1234.5),
        ("$ -5.5", -5.5),
        ("-$5.5", -5.5),
        ("12 %", 12.0),
        ("0.125", 0.125),
        ("1234.567", 1234.567),
        ("-0", 0.0),
    ] {
        let (rows, problems, _) =
            read_with(format!("subject,day,value\nm,2026,{written}\n").as_bytes(), &Options::default());
        assert_eq!(
            (rows, problems),
            (owned(&[&format!("2: m year@2026-01-01 {value}")]), vec![]),
            "{written}"
        );
    }
}

#[test]
fn what_is_no_number_says_why() {
    for (written, why) in [
        ("NaN", "this is not a finite number; leave the cell empty where there is no value"),
        ("-inf", "this is not a finite number; leave the cell empty where there is no value"),
        (
            "1e400",
            "this number is too large, or its exponent is not a number; write it out in decimal digits",
        ),
        ("0x1F", "this is a hexadecimal number; write it in decimal digits"),
        ("#DIV/0!", "this is a spreadsheet's error; mend the formula, or leave the cell empty"),
        ("twelve", "this is not a number; write digits only; leave the cell empty where there is no value"),
        ("--5", "this is not a number; write digits only; leave the cell empty where there is no value"),
        ("(-5)", "this is not a number; write digits only; leave the cell empty where there is no value"),
        (
            "12,34.5",
            "this is not a number with a decimal point, as the rest of the column; write it like 1234.5",
        ),
        ("１２", "this is not a number; write digits only; leave the cell empty where there is no value"),
    ] {
        let (rows, problems, _) =
            read_with(format!("subject;day;value\nm;2026;{written}\n").as_bytes(), &Options::default());
        assert_eq!(
            (rows, problems),
            (vec![], owned(&[&format!("line 2, column `value`, `{written}`: {why}")])),
            "{written}"
        );
    }
    let long = "9".repeat(500);
    let (rows, problems, _) =
        read_with(format!("subject;day;value\nm;2026;{long}\n").as_bytes(), &Options::default());
    assert!(rows.is_empty() && problems[0].len() < 300, "{problems:?}");
}

#[test]
fn the_column_decides_what_a_separator_means() {
    let comma = check(
        "subject;day;value\na;2026;1.234\nb;2026;0,5\n",
        &["2: a year@2026-01-01 1234", "3: b year@2026-01-01 0.5"],
        &[],
    );
    assert_eq!(comma.columns[2].decimal, Some(Decimal::Comma));
    // Thousands stand without separators here, so the point is the decimal sign.
    check(
        "subject;day;value\na;2026;1.234\nb;2026;4000\n",
        &["2: a year@2026-01-01 1.234", "3: b year@2026-01-01 4000"],
        &[],
    );
    check(
        "subject;day;value\na;2026;1.234.567\nb;2026;1.234\n",
        &["2: a year@2026-01-01 1234567", "3: b year@2026-01-01 1234"],
        &[],
    );
    check(
        "subject;day;value\na;2026;1.234\nb;2026;5\n",
        &[],
        &[
            "line 2, column `value`, `1.234`: this could be 1234 or 1 and a fraction, and nothing else in the column settles it; say whether the file uses a decimal point or a decimal comma, or write 1234 without a separator",
        ],
    );
    let told = Options { decimal: Some(Decimal::Comma), ..Options::default() };
    let (rows, problems, _) = read_with(b"subject;day;value\na;2026;1.234\n", &told);
    assert_eq!((rows, problems), (owned(&["2: a year@2026-01-01 1234"]), vec![]));
    check(
        "subject;day;value\na;2026;1,5\nb;2026;2.5\n",
        &[],
        &[
            "line 3, column `value`, `2.5`: this and `1,5` on line 2 use different decimal signs; write the whole column one way",
        ],
    );
}

#[test]
fn percent_and_currency_are_taken_off_and_said() {
    let file = "subject;day;value\na;2026;12 %\nb;2026;0\nc;2026;15,5%\n";
    let dialect =
        check(file, &["2: a year@2026-01-01 12", "3: b year@2026-01-01 0", "4: c year@2026-01-01 15.5"], &[]);
    assert_eq!((dialect.notes[0].line, dialect.notes[0].count), (2, 2));
    check(
        "subject;day;value\na;2026;12 %\nb;2026;13\n",
        &["2: a year@2026-01-01 12"],
        &[
            "line 3, column `value`, `13`: some cells carry a percent sign and some do not (line 2 differs); write the whole column one way",
        ],
    );
    check(
        "subject;day;value\na;2026;€ 12\nb;2026;13 USD\n",
        &["2: a year@2026-01-01 12"],
        &[
            "line 3, column `value`, `13 USD`: line 2 of this column has the currency `€`; keep one currency in a column",
        ],
    );
}

#[test]
fn missing_is_not_zero() {
    let dialect = check(
        "subject,day,value\na,2026,\nb,2026,n/a\nc,2026,-\nd,2026,0\n",
        &[
            "2: a year@2026-01-01 -",
            "3: b year@2026-01-01 -",
            "4: c year@2026-01-01 -",
            "5: d year@2026-01-01 0",
        ],
        &[],
    );
    assert_eq!(dialect.missing, 3);
    assert_eq!(dialect.notes[0].text, "`n/a` was read as no value");
}

#[test]
fn days_and_periods() {
    for (written, period) in [
        ("2026-03-18", "2026-03-18"),
        ("20260318", "2026-03-18"),
        ("2026/3/8", "2026-03-08"),
        ("18.03.2026", "2026-03-18"),
        ("3.4.2026", "2026-04-03"),
        ("18/03/2026", "2026-03-18"),
        ("03/18/2026", "2026-03-18"),
        ("05/05/2026", "2026-05-05"),
        ("2026-03-18T00:00:00Z", "2026-03-18"),
        ("2026-03-18 00:00:00.000", "2026-03-18"),
        ("2026-W12", "week@2026-03-16"),
        ("2026w12", "week@2026-03-16"),
        ("2026-W12-3", "2026-03-18"),
        ("2020-W53", "week@2020-12-28"),
        ("2026-03", "month@2026-03-01"),
        ("03/2026", "month@2026-03-01"),
        ("2026-Q1", "quarter@2026-01-01"),
        ("Q3 2026", "quarter@2026-07-01"),
        ("1987", "year@1987-01-01"),
    ] {
        check(format!("subject,day,value\nm,{written},1\n"), &[&format!("2: m {period} 1")], &[]);
    }
}

#[test]
fn what_is_no_day_says_why() {
    let like =
        "write a day like 2026-03-18, a week 2026-W12, a month 2026-03, a quarter 2026-Q1 or a year 2026";
    for (written, why) in [
        ("2026-02-30", "the calendar has no such day; write it like 2026-03-18".to_owned()),
        ("31.11.2026", "the calendar has no such day; write it like 2026-03-18".to_owned()),
        ("2026-W54", "this is not a week of that year; write it like 2026-W12".to_owned()),
        ("2025-W53", "this is not a week of that year; write it like 2026-W12".to_owned()),
        ("2026-13", "the calendar has no such month; write it like 2026-03".to_owned()),
        ("2026-Q5", "this is not a quarter; write it like 2026-Q1".to_owned()),
        ("18.03.26", "the year has two digits; write it like 2026-03-18".to_owned()),
        (
            "46099",
            "this looks like a spreadsheet's number of a day; format the column as a date before saving"
                .to_owned(),
        ),
        (
            "2026-03-18T08:41:00Z",
            "this is a moment, and a day or period is needed; leave out the time of day".to_owned(),
        ),
        ("yesterday", format!("this is not a day or a period; {like}")),
        ("0001", "the calendar has no such day; write it like 2026-03-18".to_owned()),
        ("20/20/2026", "the calendar has no such day; write it like 2026-03-18".to_owned()),
    ] {
        check(
            format!("subject,day,value\nm,{written},1\n"),
            &[],
            &[&format!("line 2, column `day`, `{written}`: {why}")],
        );
    }
}

#[test]
fn the_column_decides_the_order_of_day_and_month() {
    let dialect = check(
        "subject,day,value\na,03/04/2026,1\nb,18/03/2026,2\n",
        &["2: a 2026-04-03 1", "3: b 2026-03-18 2"],
        &[],
    );
    assert_eq!(dialect.columns[1].day_order, Some(DayOrder::DayFirst));
    check(
        "subject,day,value\na,03/04/2026,1\nb,03/18/2026,2\n",
        &["2: a 2026-03-04 1", "3: b 2026-03-18 2"],
        &[],
    );
    check(
        "subject,day,value\na,03/04/2026,1\nb,04/05/2026,2\n",
        &[],
        &[
            "line 2, column `day`, `03/04/2026`: day and month could be either way round, and no day in the column settles it; say which comes first, or write the column like 2026-03-18",
        ],
    );
    check(
        "subject,day,value\na,18/03/2026,1\nb,03/18/2026,2\n",
        &[],
        &[
            "line 3, column `day`, `03/18/2026`: this and `18/03/2026` on line 2 put day and month in different orders; write the whole column like 2026-03-18",
        ],
    );
    let told = Options { day_order: Some(DayOrder::MonthFirst), ..Options::default() };
    let (rows, problems, _) = read_with(b"subject,day,value\na,03/04/2026,1\nb,18/03/2026,1\n", &told);
    assert_eq!(rows, ["2: a 2026-03-04 1"]);
    assert_eq!(
        problems,
        ["line 3, column `day`, `18/03/2026`: the calendar has no such day; write it like 2026-03-18"]
    );
}

#[test]
fn totals_at_the_end_are_passed_over_and_said() {
    let rows = &["2: a 2026-03-18 1.5", "3: b 2026-03-18 2.5"];
    for end in [
        "Summe;;4,0",
        "Gesamt;;4,0\n;;",
        "Grand Total;;9,9",
        ";;4,0",
        "\nTotal;;4,0;\nMittelwert;;2,0",
        ";;4,0\n;;2,0",
    ] {
        let dialect =
            check(format!("subject;day;value\na;2026-03-18;1,5\nb;2026-03-18;2,5\n{end}\n"), rows, &[]);
        assert!(!dialect.totals.is_empty(), "{end}");
        assert_eq!(dialect.rows, 2);
    }
    // A last line that names nobody and is no sum is a mistake.
    check(
        "subject;day;value\na;2026-03-18;1,5\nb;2026-03-18;2,5\n;;7,0\n",
        rows,
        &["line 4, column `subject`, the cell is empty; fill it in, or take the line out"],
    );
    // A subject of that name with everything a row needs is a subject.
    check("subject;day;value\nTotal;2026-03-18;1,5\n", &["2: Total 2026-03-18 1.5"], &[]);
    // In the middle, too.
    check(
        "subject;day;value\na;2026-03-18;1,5\n;2026-03-18;1,5\nb;2026-03-18;2,5\n",
        &["2: a 2026-03-18 1.5", "4: b 2026-03-18 2.5"],
        &["line 3, column `subject`, the cell is empty; fill it in, or take the line out"],
    );
}

#[test]
fn control_characters_are_refused_where_they_stand() {
    check(
        "subject,day,value\nma\0ya,2026-03-18,1\nb,2026-03-18,2\n",
        &["3: b 2026-03-18 2"],
        &["line 2, column `subject`, `ma\u{fffd}ya`: the cell holds control characters; take them out"],
    );
}

#[test]
fn monsters_cost_no_more_than_the_limits() {
    let limits = Limits { bytes: 4 << 20, field: 1000, columns: 50, problems: 3 };
    let options = Options { limits, ..Options::default() };
    // A gibibyte in one field is read up to the limit and no further.
    let endless = std::io::Cursor::new(b"subject,day,value\n\"").chain(std::io::repeat(b'x').take(1 << 30));
    let problems = Table::open(endless, columns(), &options).unwrap_err();
    assert_eq!(problems.listed[0].to_string(), "the file is larger than 4 MiB; split it into several files");
    let (_, problems, _) = read_with(
        format!("subject,day,value\n{},2026,1\n\"{}\n", "x".repeat(1001), "y".repeat(5000)).as_bytes(),
        &options,
    );
    assert_eq!(
        problems,
        [
            "line 2, column `subject`, the field is longer than 1000 bytes; shorten it",
            "line 3, column `subject`, the field is longer than 1000 bytes; shorten it, and see whether its quote is closed"
        ]
    );
    let wide = "x,".repeat(1_000_000);
    let (_, problems, _) = read_with(wide.as_bytes(), &options);
    assert_eq!(
        problems,
        ["line 1, the line has more than 50 columns; send only the columns that are needed"]
    );
    let (rows, problems, _) =
        read_with(format!("subject,day,value\n{wide}\na,2026,1\n").as_bytes(), &options);
    assert_eq!(rows, ["3: a year@2026-01-01 1"]);
    assert!(
        problems[0].starts_with("line 2, column `number 4`, `x`: the line has more than 50 fields"),
        "{problems:?}"
    );
    let many = format!("subject,day,value\n{}", "a,x,1\n".repeat(10));
    let (problems, _) = Table::open(many.as_bytes(), columns(), &options).unwrap().each(|row| {
        row.period(1);
    });
    assert_eq!((problems.listed.len(), problems.more, problems.count()), (3, 7, 10));
}

/// A source that fails is the file's problem, not a panic.
#[test]
fn a_source_that_breaks_off_is_said() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the line went dead"))
        }
    }
    let problems = Table::open(Broken, columns(), &Options::default()).unwrap_err();
    assert!(problems.listed[0].reason.contains("the line went dead"));
}

#[test]
fn nothing_that_is_written_runs_in_a_spreadsheet() {
    let mut writer = Writer::new(Vec::new());
    let texts =
        ["=1+1", "+x", "-x", "@x", "\tx", "'=x", "'s Hertogenbosch", "a,b", "say \"hi\"", "ok", " pad"];
    writer.row(texts.map(Cell::Text)).unwrap();
    writer.row([Cell::Number(-1.5), Cell::Number(f64::NAN), Cell::Empty]).unwrap();
    writer.row([Cell::Empty]).unwrap();
    assert_eq!(
        String::from_utf8(writer.into_inner()).unwrap(),
        "\"'=1+1\",\"'+x\",\"'-x\",\"'@x\",\"'\tx\",\"''=x\",'s Hertogenbosch,\"a,b\",\"say \"\"hi\"\"\",ok,\" pad\"\r\n\
         -1.5,,\r\n\"\"\r\n"
    );
}

/// Every record as its fields.
fn split(text: &str, separator: u8) -> Vec<Vec<String>> {
    let mut records = Records::new(text, 0, 1, separator, &Limits::default());
    let mut record = Record::default();
    let mut all = Vec::new();
    loop {
        match records.next(&mut record) {
            Ok(false) => return all,
            Ok(true) => all.push(record.fields.iter().map(|f| f.to_string()).collect()),
            Err(fault) => assert!(!fault.reason.is_empty()),
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        read_with(&bytes, &Options::default());
    }

    #[test]
    fn arbitrary_cells_never_panic(cells in prop::collection::vec("[-+0-9.,e%€$()'/WQ \u{a0}\u{2212}\"\n;A]{0,12}", 0..40)) {
        let mut file = "subject;day;value;note\n".to_owned();
        for line in cells.chunks(4) {
            file.push_str(&line.join(";"));
            file.push('\n');
        }
        read_with(file.as_bytes(), &Options::default());
    }

    #[test]
    fn what_was_written_is_read_back(
        rows in prop::collection::vec(prop::collection::vec("(?s)['=+@\\-]?.{0,8}|[a,\"\r\n\t;']{0,6}", 1..5), 0..6)
    ) {
        let mut writer = Writer::new(Vec::new());
        for row in &rows {
            writer.row(row.iter().map(|c| Cell::Text(c))).unwrap();
        }
        let text = String::from_utf8(writer.into_inner()).unwrap();
        let back: Vec<Vec<String>> =
            split(&text, b',').into_iter().map(|r| r.iter().map(|c| unguard(c).to_owned()).collect()).collect();
        prop_assert_eq!(back, rows);
    }

    #[test]
    fn numbers_are_read_back_exactly(value in prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL) {
        let mut writer = Writer::new(Vec::new());
        writer.row([Cell::Number(value)]).unwrap();
        let text = String::from_utf8(writer.into_inner()).unwrap();
        // Numbers of several hundred digits are not written by people, and are refused.
        if text.trim().len() <= 64 {
            prop_assert_eq!(super::number::parse(text.trim(), Decimal::Point).map(|p| p.0), Some(value + 0.0));
        }
    }

    /// The `csv` crate reads well-formed files the same way.
    #[test]
    fn another_reader_agrees(
        rows in prop::collection::vec(prop::collection::vec("[a-z,;\" ]{1,6}|x\ny", 2..=2), 1..6)
    ) {
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let theirs: Vec<Vec<String>> = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes())
            .records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
        prop_assert_eq!(split(&text, b','), theirs);
    }
}
