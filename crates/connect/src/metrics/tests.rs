//! Observation files by value.

use super::*;

/// Every row as `line: metric subject cadence@start value`.
fn shown(all: &Observations) -> Vec<String> {
    all.rows
        .iter()
        .map(|r| {
            let q = r.quantity;
            let number = q.denominator.map_or(q.numerator.to_string(), |d| format!("{}/{d}", q.numerator));
            let (p, at) = (r.period, r.recorded_at.map_or(String::new(), |at| format!(" at {at}")));
            format!(
                "{}: {} {} {}@{} {number}{at}",
                r.line,
                all.metric(r),
                all.subject(r),
                p.cadence.word(),
                p.start
            )
        })
        .collect()
}

#[track_caller]
fn check_long(file: &str, rows: &[&str], problems: &[&str]) {
    let read = long(file.as_bytes(), &Options::default());
    let found: Vec<String> = read.problems.listed.iter().map(ToString::to_string).collect();
    assert_eq!(
        (shown(&read.rows), found.iter().map(String::as_str).collect::<Vec<_>>()),
        (rows.iter().map(|r| (*r).to_owned()).collect(), problems.to_vec())
    );
}

#[test]
fn one_value_a_line() {
    check_long(
        "Metric;Subject;Period;Value\r\ncalls;maya;2026-W12;12\r\ncalls;noor;2026-W12;\r\nnet_price;maya;16.03.2026;1.234,50\r\nSumme;;;1246,5\r\n",
        &["2: calls maya week@2026-03-16 12", "4: net_price maya day@2026-03-16 1234.5"],
        &[],
    );
}

#[test]
fn ratios_keep_both_parts() {
    check_long(
        "metric,subject,period,numerator,denominator\nrate,maya,2026-03,3,4\nrate,noor,2026-03,,\nrate,ola,2026-03,5,\n",
        &["2: rate maya month@2026-03-01 3/4"],
        &[
            "line 4, column `denominator`, one part of the ratio is missing; fill in both numerator and denominator, or neither",
        ],
    );
    check_long(
        "metric,subject,period,value,numerator,denominator\nrate,maya,2026,,3,4\ncalls,maya,2026,5,,\nodd,maya,2026,5,1,\n",
        &["2: rate maya year@2026-01-01 3/4", "3: calls maya year@2026-01-01 5"],
        &[
            "line 4, column `value`, `5`: the line has a value and a part of a ratio; keep the value, or numerator and denominator",
        ],
    );
    check_long(
        "metric,subject,period\ncalls,maya,2026\n",
        &[],
        &[
            "line 1, the file has no column for values; add a column named value, or two named numerator and denominator",
        ],
    );
}

#[test]
fn the_same_observation_twice_is_a_problem_and_a_correction_is_not() {
    check_long(
        "metric,subject,period,value,recorded_at\ncalls,maya,2026-W12,1,\ncalls,noor,2026-W12,1,\ncalls,maya,2026-W12,2,\nx,maya,2026,1,2026-03-18T08:00:00Z\nx,maya,2026,2,2026-03-19T08:00:00+01:00\n",
        &[
            "2: calls maya week@2026-03-16 1",
            "3: calls noor week@2026-03-16 1",
            "4: calls maya week@2026-03-16 2",
            "5: x maya year@2026-01-01 1 at 2026-03-18T08:00:00.000000Z",
            "6: x maya year@2026-01-01 2 at 2026-03-19T07:00:00.000000Z",
        ],
        &[
            "line 4, `calls, maya, 2026-03-16`: metric, subject and period are the same as on line 2; keep one of the lines, or add recorded_at to show which came later",
        ],
    );
}

#[test]
fn cells_that_must_be_there() {
    check_long(
        "metric,subject,period,value,recorded_at\n,maya,2026,1,\ncalls,maya,,1,\ncalls,maya,2026,1,18.03.2026\nok,maya,2026,1,\n",
        &["5: ok maya year@2026-01-01 1"],
        &[
            "line 2, column `metric`, the cell is empty; fill it in, or take the line out",
            "line 3, column `period`, the cell is empty; fill it in, or take the line out",
            "line 4, column `recorded_at`, `18.03.2026`: this is not a moment with its offset; write it like 2026-03-18T08:41:00Z, or with its offset as 2026-03-18T09:41:00+01:00",
        ],
    );
}

fn metric(metric: &str, header: &str, denominator: Option<&str>) -> WideMetric {
    WideMetric { metric: metric.into(), header: header.into(), denominator: denominator.map(str::to_owned) }
}

#[test]
fn one_metric_a_column() {
    let map = Wide {
        subject: "fcode".into(),
        period: "year".into(),
        metrics: vec![
            metric("scrap", "scrap", None),
            metric("hours", "tothrs", Some("employ")),
            metric("staff", "employ", None),
        ],
    };
    let file = "rownames,year,fcode,employ,sales,scrap,tothrs\n1,1987,410032,100.0,47000000.0,,12.0\n2,1988,410032,131.0,43000000.0,1.5,8.0\n3,1988,410440,,,,\n";
    let read = wide(file.as_bytes(), &map, &Options::default());
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    assert_eq!(
        shown(&read.rows),
        [
            "2: hours 410032 year@1987-01-01 12/100",
            "2: staff 410032 year@1987-01-01 100",
            "3: scrap 410032 year@1988-01-01 1.5",
            "3: hours 410032 year@1988-01-01 8/131",
            "3: staff 410032 year@1988-01-01 131",
        ]
    );
    assert_eq!(read.dialect.unwrap().left_out, ["rownames", "sales"]);
    let missing = wide("year,fcode\n1987,1\n".as_bytes(), &map, &Options::default());
    assert_eq!(missing.problems.count(), 3);
}
