//! Definition files by value.

use proptest::prelude::*;

use super::*;

fn problems(file: &str) -> Vec<String> {
    let found = read(file.as_bytes(), &Limits::default()).expect_err("the file has a problem");
    found.listed.iter().map(ToString::to_string).collect()
}

const WHOLE: &str = r#"
[[metric]]
code = "scrap"
name = "Scrap rate"
unit = "per 100 items"
direction = "down"
level = "business"
grain = "unit"
aggregation = "mean"
cadence = "year"
decimals = 2

[[metric]]
code = "hours_per_head"
name = "Hours of training per employee"
direction = "up"
level = "solution"
grain = "unit"
aggregation = "ratio"
numerator = "hours of training"
denominator = "employees"
cadence = "year"
owner = "p1"
note = "first version"

[[intervention]]
code = "grant"
name = "Job-training grant"
kind = "grant"
cause_box = "knowledge"
money = 10_000
lanes = { business = ["scrap"], solution = ["hours_per_head"] }

[[intervention.rollout]]
units = ["410523", "410538"]
from = 1988-01-01

[[intervention.rollout]]
units = ["419309"]
from = "1989-01-01"
wave = 2

[[intervention.note]]
unit = "410538"
from = 1988-03-01
to = 1988-03-31
reason = "a strike"

[[study]]
code = "grant-on-scrap"
intervention = "grant"
metric = "scrap"
whom = "manufacturing firms"
by = -0.2
scale = "log"
guardrails = ["scrap", "hours_per_head"]
reading = 1990-01-01
"#;

#[test]
fn a_whole_file() {
    let all = read(WHOLE.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(
        all.metrics.iter().map(|m| (m.line, m.value.code.as_str())).collect::<Vec<_>>(),
        [(2, "scrap"), (13, "hours_per_head")]
    );
    assert_eq!(all.metrics[1].value.aggregation, Aggregation::Ratio);
    let grant = &all.interventions[0].value;
    assert_eq!((grant.kind, grant.money, grant.minutes_per), (Kind::Grant, 10_000.0, MinutesPer::Person));
    let starts: Vec<_> = grant
        .rollout
        .iter()
        .map(|s| (s.line, s.value.unit.as_str(), s.value.from.to_string(), s.value.wave))
        .collect();
    assert_eq!(
        starts,
        [
            (34, "410523", "1988-01-01".to_owned(), 1),
            (34, "410538", "1988-01-01".to_owned(), 1),
            (38, "419309", "1989-01-01".to_owned(), 2)
        ]
    );
    assert_eq!(grant.notes[0].value.until.to_string(), "1988-04-01");
    assert_eq!(
        grant.lanes.all().collect::<Vec<_>>(),
        [(Level::Business, 0, "scrap"), (Level::Solution, 0, "hours_per_head")]
    );
    let study = &all.studies[0].value;
    assert_eq!((study.by, study.scale), (Some(-0.2), Scale::Log));
    assert_eq!(study.guardrails, ["scrap", "hours_per_head"]);
    assert_eq!(study.reading.map(|d| d.to_string()).as_deref(), Some("1990-01-01"));
    assert_eq!(read(b"".as_slice(), &Limits::default()), Ok(Definitions::default()));
}

#[test]
fn guardrails_are_one_or_several_and_none_of_them_twice() {
    let file = |guardrails: &str| {
        format!("[[study]]\ncode = \"a\"\nintervention = \"b\"\nmetric = \"c\"\nguardrail{guardrails}\n")
    };
    let of = |guardrails: &str| {
        read(file(guardrails).as_bytes(), &Limits::default())
            .map(|all| all.studies[0].value.guardrails.clone())
    };
    assert_eq!(of(" = \"d\"").unwrap(), ["d"]);
    assert_eq!(of("s = [\"d\", \"e\"]").unwrap(), ["d", "e"]);
    assert_eq!(of("s = []").unwrap(), Vec::<String>::new());
    let said = |guardrails: &str| format!("{:?}", of(guardrails).unwrap_err());
    assert!(said("s = [\"d\", \"d\"]").contains("named twice"));
    assert!(said("s = 3").contains("a text or a list of texts"), "{}", said("s = 3"));
}

#[test]
fn the_first_fault_of_form_is_named_with_its_line() {
    let metric = |change: &str| {
        format!(
            "[[metric]]\ncode = \"a\"\nname = \"A\"\n{change}level = \"business\"\ngrain = \"unit\"\naggregation = \"sum\"\ncadence = \"week\"\n"
        )
    };
    for (file, line, words) in [
        (metric("directon = \"up\"\n"), 4, "unknown field `directon`, expected one of"),
        (
            metric("direction = \"sideways\"\n"),
            4,
            "unknown variant `sideways`, expected one of `up`, `down`, `near`",
        ),
        (metric(""), 1, "missing field `direction`"),
        (metric("direction = \"up\"\ndecimals = 2.5\n"), 5, "invalid type: floating point `2.5`"),
        (metric("direction = \"up\"\ndirection = \"up\"\n"), 5, "duplicate key"),
        (metric("direction = \n"), 4, ""),
        (
            "[[metrics]]\n".to_owned(),
            1,
            "unknown field `metrics`, expected one of `metric`, `intervention`, `study`",
        ),
        ("metric = 5\n".to_owned(), 1, "invalid type: integer `5`"),
        (WHOLE.replace("from = 1988-01-01", "from = 1988-02-30"), 36, ""),
        (WHOLE.replace("from = \"1989-01-01\"", "from = \"1989-02-30\""), 40, "is not a day like 2026-03-18"),
        (
            WHOLE.replace("from = 1988-01-01", "from = 1988-01-01T10:00:00Z"),
            36,
            "is not a day like 2026-03-18",
        ),
    ] {
        let found = read(file.as_bytes(), &Limits::default()).unwrap_err();
        let [problem] = &found.listed[..] else { panic!("one problem: {found:?}") };
        assert_eq!(problem.line, line, "{problem}");
        assert!(problem.reason.contains(words), "{problem}");
    }
    assert_eq!(problems("\u{0}").len(), 1);
    let latin = read(b"# gr\xf6\xdfer".as_slice(), &Limits::default()).unwrap_err();
    assert_eq!(latin.listed[0].to_string(), "line 1, the file is not UTF-8; save it as UTF-8");
}

#[test]
fn what_the_file_alone_can_show_is_shown_at_once() {
    let file = WHOLE
        .replace("code = \"hours_per_head\"", "code = \"scrap\"")
        .replace("aggregation = \"ratio\"", "aggregation = \"sum\"")
        .replace("money = 10_000", "money = nan")
        .replace("[\"419309\"]", "[\"410523\", \" x\"]")
        .replace("wave = 2", "wave = 0")
        .replace("to = 1988-03-31", "to = 1988-02-01")
        .replace("by = -0.2", "by = inf")
        .replace("name = \"Scrap rate\"", "name = \"\"");
    assert_eq!(
        problems(&file),
        [
            "line 2, column `name`, this is empty; write a code or a name",
            "line 13, column `aggregation`, `sum`: only a ratio has two parts; write aggregation = \"ratio\", or leave numerator and denominator out",
            "line 26, column `money`, `NaN`: this is not an amount; write a number, 0 or more",
            "line 38, column `wave`, `0`: waves are counted from 1; write 1 or more",
            "line 38, column `units`, ` x`: this is not a code or a name; write one line of at most 200 characters without spaces around it",
            "line 38, column `units`, `410523`: this is there already on line 34; leave one of them out",
            "line 43, column `to`, `1988-02-01`: the last day lies before the first, 1988-03-01; set the later day as the last",
            "line 49, column `by`, `inf`: this is not a finite number; write how much is expected",
            "line 13, column `code`, `scrap`: this is there already on line 2; leave one of them out",
        ]
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let _ = read(bytes.as_slice(), &Limits::default());
    }

    #[test]
    fn a_damaged_file_never_panics(at in 0..WHOLE.len(), with in "[ -~\n]{0,3}", cut in 0usize..20) {
        let mut file = WHOLE.to_owned();
        file.replace_range(at..(at + cut).min(WHOLE.len()), &with);
        let _ = read(file.as_bytes(), &Limits::default());
    }
}
