//! Splits Rust source into code, string literals and comments, so that rules look where they mean to look.

/// A piece of a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Code,
    Text,
    Comment,
}

/// One piece with the line it starts on (from 1). For [`Kind::Text`], without its quotes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) kind: Kind,
    pub(crate) line: usize,
    pub(crate) text: &'a str,
}

/// Splits a file. Not a parser: it knows comments, strings, raw strings and characters, and nothing else.
pub(crate) fn pieces(source: &str) -> Vec<Piece<'_>> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let (mut at, mut code_from, mut line, mut code_line) = (0, 0, 1, 1);
    while at < bytes.len() {
        let Some((kind, inner, end)) = special(source, at) else {
            if bytes[at] == b'\n' {
                line += 1;
            }
            at += 1;
            continue;
        };
        if code_from < at {
            found.push(Piece { kind: Kind::Code, line: code_line, text: &source[code_from..at] });
        }
        if let Some(kind) = kind {
            found.push(Piece { kind, line, text: &source[inner.0..inner.1] });
        }
        line += source[at..end].matches('\n').count();
        at = end;
        code_from = end;
        code_line = line;
    }
    if code_from < bytes.len() {
        found.push(Piece { kind: Kind::Code, line: code_line, text: &source[code_from..] });
    }
    found
}

/// What starts at `at`, if it is not plain code: its kind (`None` for a character), inner range, and end.
fn special(source: &str, at: usize) -> Option<(Option<Kind>, (usize, usize), usize)> {
    let rest = &source.as_bytes()[at..];
    let after_word = at > 0 && is_word(source.as_bytes()[at - 1]);
    match rest {
        [b'/', b'/', ..] => {
            let end = at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            Some((Some(Kind::Comment), (at, end), end))
        }
        [b'/', b'*', ..] => {
            let end = source[at + 2..].find("*/").map_or(source.len(), |found| at + 2 + found + 2);
            Some((Some(Kind::Comment), (at, end), end))
        }
        [b'"', ..] => {
            let close = closing_quote(rest, 1, b'"')?;
            Some((Some(Kind::Text), (at + 1, at + close), at + close + 1))
        }
        [b'r', ..] if !after_word => raw_string(source, at, 1),
        [b'b', b'r', ..] if !after_word => raw_string(source, at, 2),
        [b'\'', b'\\', ..] => {
            let close = closing_quote(rest, 1, b'\'')?;
            Some((None, (at, at), at + close + 1))
        }
        [b'\'', ..] => {
            // A character, unless it is a lifetime: `'a` with no quote after one character.
            let one = source[at + 1..].chars().next()?;
            let close = at + 1 + one.len_utf8();
            (source.as_bytes().get(close) == Some(&b'\'')).then_some((None, (at, at), close + 1))
        }
        _ => None,
    }
}

fn raw_string(source: &str, at: usize, prefix: usize) -> Option<(Option<Kind>, (usize, usize), usize)> {
    let hashes = source[at + prefix..].bytes().take_while(|&byte| byte == b'#').count();
    let open = at + prefix + hashes;
    if source.as_bytes().get(open) != Some(&b'"') {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let end = source[open + 1..].find(&close).map_or(source.len(), |found| open + 1 + found);
    Some((Some(Kind::Text), (open + 1, end), (end + close.len()).min(source.len())))
}

fn closing_quote(rest: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut at = from;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at),
            _ => at += 1,
        }
    }
    None
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<(usize, &str)> {
        pieces(source)
            .into_iter()
            .filter(|piece| piece.kind == Kind::Text)
            .map(|piece| (piece.line, piece.text))
            .collect()
    }

    #[test]
    fn finds_strings_of_every_form() {
        let source = "let a = \"one\";\nlet b = r#\"two \"2\" \"#;\nlet c = b\"three\"; let d = '\"'; // \"no\"\nf(\"say \\\"x\\\"\");";
        assert_eq!(texts(source), [(1, "one"), (2, "two \"2\" "), (3, "three"), (4, "say \\\"x\\\"")]);
    }

    #[test]
    fn lifetimes_and_comments_do_not_confuse() {
        let source = "fn f<'a>(x: &'a str) -> char { '\\'' } /* \"in\n a comment\" */ \"yes\"";
        assert_eq!(texts(source), [(2, "yes")]);
    }

    #[test]
    fn a_word_that_ends_in_r_is_no_raw_string() {
        assert_eq!(texts("for\"x\""), [(1, "x")]);
    }
}
