//! Command-line options, read by hand: a handful of `--name value` and `--flag`, and words.

use std::fmt;

/// The words after the command's name. Each `take_*` removes what it reads; [`Args::finish`] refuses the rest.
pub(crate) struct Args(Vec<String>);

/// The command line cannot be understood. Ends the program with exit code 2.
#[derive(Debug)]
pub(crate) struct Misuse(pub(crate) String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (--help says what can be asked)", self.0)
    }
}

impl std::error::Error for Misuse {}

impl Args {
    /// Splits `--name=value` so that both ways of writing it read alike.
    pub(crate) fn new(words: impl Iterator<Item = String>) -> Self {
        let split = words.flat_map(|word| match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => vec![name.to_owned(), value.to_owned()],
            _ => vec![word],
        });
        Self(split.collect())
    }

    pub(crate) fn asks_for_help(&self) -> bool {
        self.0.iter().any(|word| word == "--help" || word == "-h")
    }

    /// Whether `--name` is there.
    pub(crate) fn take_flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != name);
        self.0.len() != before
    }

    /// The value after `--name`, where it is given.
    ///
    /// # Errors
    /// [`Misuse`] where the name comes last and has no value.
    pub(crate) fn take_value(&mut self, name: &str) -> Result<Option<String>, Misuse> {
        let Some(at) = self.0.iter().position(|word| word == name) else { return Ok(None) };
        if at + 1 >= self.0.len() {
            return Err(Misuse(format!("{name} needs a value")));
        }
        self.0.remove(at);
        Ok(Some(self.0.remove(at)))
    }

    /// A number after `--name`, or `otherwise`.
    ///
    /// # Errors
    /// [`Misuse`] where the value is no whole number.
    pub(crate) fn take_number(&mut self, name: &str, otherwise: u64) -> Result<u64, Misuse> {
        match self.take_value(name)? {
            None => Ok(otherwise),
            Some(text) => {
                text.parse().map_err(|_| Misuse(format!("{name} needs a whole number, not `{text}`")))
            }
        }
    }

    /// The first word that is no option.
    pub(crate) fn take_word(&mut self) -> Option<String> {
        let at = self.0.iter().position(|word| !word.starts_with('-'))?;
        Some(self.0.remove(at))
    }

    /// Refuses whatever was not read.
    ///
    /// # Errors
    /// [`Misuse`] naming the first word left over.
    pub(crate) fn finish(self) -> Result<(), Misuse> {
        match self.0.first() {
            None => Ok(()),
            Some(word) => Err(Misuse(format!("`{word}` means nothing here"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn reads_flags_values_and_words() {
        let mut given = args("lrs --json --seconds=5 --data here");
        assert!(given.take_flag("--json"));
        assert_eq!(given.take_number("--seconds", 10).unwrap(), 5);
        assert_eq!(given.take_value("--data").unwrap().as_deref(), Some("here"));
        assert_eq!(given.take_word().as_deref(), Some("lrs"));
        assert!(given.finish().is_ok());
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert!(args("--frobnicate").finish().is_err());
        assert!(args("--data").take_value("--data").is_err());
        assert!(args("--seconds soon").take_number("--seconds", 1).is_err());
    }
}
