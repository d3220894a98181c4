//! Rules about pages: nothing inline that a strict content security policy refuses, every colour a token.

use super::{Complaint, File};

/// What a template must not contain.
const INLINE: &[(&str, &str)] = &[
    (" style=\"", "the content security policy refuses inline style: use a class, or geometry in SVG"),
    ("<style", "the content security policy refuses inline style: put it into the stylesheet"),
    (" onclick=", "the content security policy refuses inline script: use a data attribute and a listener"),
    (" onload=", "the content security policy refuses inline script: use a data attribute and a listener"),
    (" onsubmit=", "the content security policy refuses inline script: use a data attribute and a listener"),
    ("javascript:", "the content security policy refuses inline script"),
    ("<script>", "the content security policy refuses inline script: put it into the bundle"),
    (
        "|safe",
        "what is marked safe is not escaped: return markup from a function that escapes what it is given",
    ),
];

/// Ways of writing a colour.
const COLOURS: &[&str] = &["oklch(", "rgb(", "rgba(", "hsl(", "hsla(", "color("];

pub(crate) fn complaints(files: &[File]) -> Vec<Complaint> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("crates/web/")) {
        let lines = file.text.lines().enumerate();
        if file.is(&["html"]) {
            for (at, line) in lines {
                let bad = INLINE.iter().filter(|(word, _)| line.contains(word));
                found.extend(
                    bad.map(|(word, why)| file.complain(at + 1, format!("`{}`: {why}", word.trim()))),
                );
            }
        } else if file.is(&["css"]) && !file.path.ends_with("/tokens.css") {
            let coloured = lines
                .filter(|(_, line)| COLOURS.iter().any(|word| line.contains(word)) || has_hex_colour(line));
            found.extend(coloured.map(|(at, _)| {
                file.complain(
                    at + 1,
                    "a colour of its own: name it in tokens.css, where light and dark stand together",
                )
            }));
        }
    }
    found
}

/// Whether a declaration holds `#rgb` or `#rrggbb`, with or without transparency.
fn has_hex_colour(line: &str) -> bool {
    let Some((_, value)) = line.split_once(':') else { return false };
    value.split('#').skip(1).any(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let ends = !rest
            .as_bytes()
            .get(digits)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
        ends && matches!(digits, 3 | 4 | 6 | 8)
    })
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        complaints(&[planted(path, text)]).len()
    }

    #[test]
    fn nothing_inline() {
        assert_eq!(
            count("crates/web/templates/a.html", "<p style=\"x\">\n<a href=\"/x\" onclick=\"y()\">"),
            2
        );
        assert_eq!(count("crates/web/templates/a.html", "<script src=\"{{ js }}\" defer></script>"), 0);
    }

    #[test]
    fn colours_are_tokens() {
        assert_eq!(count("crates/web/assets/css/app.css", "a { color: #fff }\n.b { fill: oklch(1 0 0) }"), 2);
        assert_eq!(
            count(
                "crates/web/assets/css/app.css",
                "a:hover { color: var(--ink) }\n#header { x: url(#mark) }"
            ),
            0
        );
        assert_eq!(count("crates/web/assets/css/tokens.css", "--ink: #123456;"), 0);
    }
}
