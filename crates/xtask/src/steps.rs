//! Runs other programs, says what is happening, keeps the time, and draws up the table at the end.

use std::io::{BufRead, BufReader, IsTerminal};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How many tests ran, as their runners said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// What became of one step.
enum Outcome {
    Passed,
    Failed(String),
    NotRun(String),
}

/// The steps of one run, in order, each with what became of it and how long it took.
pub(crate) struct Steps {
    started: Instant,
    done: Vec<(String, Outcome, Duration, Counts)>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), done: Vec::new() }
    }

    /// Runs one step under a headline. A failure is noted, printed and survived: `None` comes back.
    pub(crate) fn run<T>(&mut self, name: &str, step: impl FnOnce() -> Result<T>) -> Option<T> {
        self.counted(name, |_| step())
    }

    /// As [`Steps::run`], for a step that counts tests.
    pub(crate) fn counted<T>(
        &mut self,
        name: &str,
        step: impl FnOnce(&mut Counts) -> Result<T>,
    ) -> Option<T> {
        headline(&format!("{name}  (at {})", clock(self.started.elapsed())));
        let began = Instant::now();
        let mut counts = Counts::default();
        let result = step(&mut counts);
        let took = began.elapsed();
        let (outcome, value) = match result {
            Ok(value) => (Outcome::Passed, Some(value)),
            Err(error) => {
                println!("{name} failed: {error:#}");
                (Outcome::Failed(format!("{error:#}")), None)
            }
        };
        self.done.push((name.to_owned(), outcome, took, counts));
        value
    }

    /// Notes a step that could not run because something before it failed. It counts as a failure.
    pub(crate) fn not_run(&mut self, name: &str, why: &str) {
        self.done.push((name.to_owned(), Outcome::NotRun(why.to_owned()), Duration::ZERO, Counts::default()));
    }

    /// Prints the table and the closing line; true where everything passed.
    pub(crate) fn summary(&self) -> bool {
        headline(&format!("summary  (after {})", clock(self.started.elapsed())));
        let mut total = Counts::default();
        let mut well = true;
        for (name, outcome, took, counts) in &self.done {
            total.add(*counts);
            let (word, note) = match outcome {
                Outcome::Passed if counts.passed > 0 => ("ok", format!("{} tests", counts.passed)),
                Outcome::Passed => ("ok", String::new()),
                Outcome::Failed(why) => ("FAILED", first_line(why)),
                Outcome::NotRun(why) => ("NOT RUN", first_line(why)),
            };
            well &= matches!(outcome, Outcome::Passed);
            println!("  {name:<22} {word:<8} {:>7}  {note}", clock(*took));
        }
        println!();
        if total.passed + total.failed > 0 {
            println!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
        }
        well
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// Minutes and seconds, as a person says them.
pub(crate) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 60 {
        format!("{}m{:02}s", seconds / 60, seconds % 60)
    } else {
        format!("{:.1}s", time.as_secs_f64())
    }
}

/// A line that can be found again in a long log.
pub(crate) fn headline(text: &str) {
    if std::io::stdout().is_terminal() {
        println!("\n\u{1b}[1m== {text}\u{1b}[0m");
    } else {
        println!("\n== {text}");
    }
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

/// Runs a command with its output on ours.
///
/// # Errors
/// Where it cannot start or does not end with 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let text = shown(command);
    println!("$ {text}");
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{text}`"))?;
    if !status.success() {
        bail!("`{text}` ended with {status}");
    }
    Ok(())
}

/// Runs a command, passes its standard output on line by line, and shows each line to `seen` as well.
///
/// # Errors
/// Where it cannot start or does not end with 0.
pub(crate) fn run_watched(command: &mut Command, mut seen: impl FnMut(&str)) -> Result<()> {
    let text = shown(command);
    println!("$ {text}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{text}`"))?;
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line)? > 0 {
            let readable = String::from_utf8_lossy(&line);
            print!("{readable}");
            seen(readable.trim_end());
            line.clear();
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{text}` ended with {status}");
    }
    Ok(())
}

/// What a short command prints, trimmed; `None` where it is not there or fails.
pub(crate) fn answer(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Reads the closing line of one `cargo test` target, if this is one.
pub(crate) fn read_cargo_count(line: &str) -> Option<Counts> {
    let rest = line.strip_prefix("test result: ")?;
    let number = |what: &str| {
        let before = rest.split(what).next()?;
        before.trim_end().rsplit(' ').next()?.parse().ok()
    };
    Some(Counts { passed: number("passed")?, failed: number("failed")?, skipped: number("ignored")? })
}

/// Reads one closing line of node's test runner into `counts`.
pub(crate) fn read_node_count(line: &str, counts: &mut Counts) {
    let line = line.trim_start_matches(['#', 'ℹ', ' ']);
    let Some((what, number)) = line.split_once(' ') else { return };
    let Ok(number) = number.trim().parse::<u64>() else { return };
    match what {
        "pass" => counts.passed += number,
        "fail" | "cancelled" => counts.failed += number,
        "skipped" | "todo" => counts.skipped += number,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_cargo_says() {
        let line =
            "test result: ok. 12 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.10s";
        assert_eq!(read_cargo_count(line), Some(Counts { passed: 12, failed: 1, skipped: 2 }));
        assert_eq!(read_cargo_count("running 3 tests"), None);
    }

    #[test]
    fn counts_what_node_says() {
        let mut counts = Counts::default();
        for line in
            ["ℹ tests 9", "ℹ pass 7", "# fail 1", "ℹ skipped 1", "ℹ duration_ms 12.5", "anything else"]
        {
            read_node_count(line, &mut counts);
        }
        assert_eq!(counts, Counts { passed: 7, failed: 1, skipped: 1 });
    }

    #[test]
    fn a_step_that_fails_does_not_stop_the_next() {
        let mut steps = Steps::new();
        assert!(steps.run("first", || -> Result<()> { bail!("no") }).is_none());
        assert_eq!(steps.run("second", || Ok(2)), Some(2));
        assert!(!steps.summary());
    }
}
