//! Whether a text is an absolute IRI, or a `mailto` IRI of one address.
//!
//! The specification lets a record store check IRIs as well as it can. What is checked: the scheme, the characters,
//! percent escapes, and host and port where there is an authority. Square brackets are let through everywhere,
//! because content in the wild has them in queries.

/// Why a text is not an absolute IRI; `None` where it is one.
pub fn iri_fault(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("it is empty".to_owned());
    }
    let in_scheme = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let length = text.bytes().take_while(in_scheme).count();
    if text.as_bytes().get(length) != Some(&b':') || !text.as_bytes()[0].is_ascii_alphabetic() {
        return Some("it has no scheme".to_owned());
    }
    let (scheme, rest) = (&text[..length], &text[length + 1..]);
    if rest.is_empty() {
        return Some("nothing follows its scheme".to_owned());
    }
    let bytes = rest.as_bytes();
    let mut i = bytes.iter().take_while(|&&b| matches!(PLAIN[b as usize], Class::Plain)).count();
    while let Some(&b) = bytes.get(i) {
        match PLAIN[b as usize] {
            Class::Plain => i += 1,
            Class::Percent => {
                let hex = |n: usize| bytes.get(i + n).is_some_and(u8::is_ascii_hexdigit);
                if !(hex(1) && hex(2)) {
                    return Some("its percent sign is not followed by two hexadecimal digits".to_owned());
                }
                i += 3;
            }
            Class::Wide => {
                let c = rest[i..].chars().next().unwrap_or('\u{fffd}');
                if !is_iri_char(c) {
                    return Some(format!("it holds the character U+{:04X}", c as u32));
                }
                i += c.len_utf8();
            }
            Class::Never => {
                return Some(match b {
                    b' ' => "it holds a space".to_owned(),
                    _ => format!("it holds the character `{}`", (b as char).escape_default()),
                });
            }
        }
    }
    let authority = rest.strip_prefix("//").map(|after| {
        let end = after.bytes().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(after.len());
        &after[..end]
    });
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    match authority {
        Some(authority) => authority_fault(authority, web),
        None if web => Some("no `//` and host follow its scheme".to_owned()),
        None => None,
    }
}

/// Whether a text is an absolute IRI.
pub fn is_iri(text: &str) -> bool {
    iri_fault(text).is_none()
}

fn authority_fault(authority: &str, needs_host: bool) -> Option<String> {
    // What stands before an `@` is a user. Colons within brackets belong to an IPv6 address.
    let (mut host_from, mut colon) = (0, None);
    for (n, b) in authority.bytes().enumerate() {
        match b {
            b'@' => (host_from, colon) = (n + 1, None),
            b']' => colon = None,
            b':' if colon.is_none() => colon = Some(n),
            _ => {}
        }
    }
    let host = &authority[host_from..colon.unwrap_or(authority.len())];
    let port = colon.map(|n| &authority[n + 1..]);
    if host.is_empty() && needs_host {
        return Some("its host is empty".to_owned());
    }
    if port.is_some_and(|port| !port.bytes().all(|b| b.is_ascii_digit())) {
        return Some("its port is not a number".to_owned());
    }
    None
}

#[derive(Clone, Copy)]
enum Class {
    Plain,
    Percent,
    Wide,
    Never,
}

const PLAIN: [Class; 256] = {
    let mut table = [Class::Plain; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = match b as u8 {
            0..=b' ' | 0x7f | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => Class::Never,
            b'%' => Class::Percent,
            0x80..=0xff => Class::Wide,
            _ => Class::Plain,
        };
        b += 1;
    }
    table
};

/// `ucschar` and `iprivate` of RFC 3987, section 2.2.
fn is_iri_char(c: char) -> bool {
    let code = c as u32;
    matches!(code, 0xa0..=0xd7ff | 0xe000..=0xf8ff | 0xf900..=0xfdcf | 0xfdf0..=0xffef)
        || (code >= 0x10000 && code & 0xffff <= 0xfffd && !(0xe0000..0xe1000).contains(&code))
}

/// Why a text is not a `mailto` IRI of one address; `None` where it is one.
pub fn mailto_fault(text: &str) -> Option<String> {
    let Some(address) = text.strip_prefix("mailto:") else {
        return Some("it does not start with `mailto:`".to_owned());
    };
    let Some((local, domain)) = address.rsplit_once('@') else {
        return Some("its address has no `@`".to_owned());
    };
    if local.is_empty() || domain.is_empty() {
        return Some("its address has nothing on one side of the `@`".to_owned());
    }
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let never = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '\\');
    let never_bare = |c: char| matches!(c, '@' | ':' | '(' | ')' | '"');
    if address.contains(never) || (!quoted && local.contains(never_bare)) {
        return Some("its address holds a character that an e-mail address cannot have".to_owned());
    }
    let label = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii())
    };
    let literal = domain.starts_with('[') && domain.ends_with(']');
    if !literal && !domain.split('.').all(label) {
        return Some("the part of its address after the `@` is not a domain".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iris() {
        for good in [
            "http://example.com",
            "HTTP://EXAMPLE.com:8080/a?b=c#d",
            "https://user:pw@example.com/x",
            "http://[2001:db8::1]:80/",
            "http://example.com/a%20b?x[]=1",
            "urn:uuid:6690e6c9-3ef0-4ed3-8b37-7f3964730bee",
            "urn:articulate:storyline:5ujw89",
            "tag:adlnet.gov,2013:expapi:0.9:extensions:object",
            "x:y",
            "a+b.c-d:e",
            "file:///etc/x",
            "http://例え.jp/コース",
            "http://example.com/\u{10000}",
        ] {
            assert_eq!(iri_fault(good), None, "{good}");
        }
        for bad in [
            "",
            "example.com",
            "/relative",
            "#frag",
            ":x",
            "1a:b",
            "http:",
            "http://",
            "http:example.com",
            "http://:80/",
            "http://example.com:8o/",
            "http://example.com/a b",
            "http://example.com/<x>",
            "http://example.com/{x}",
            "http://example.com/a|b",
            "http://example.com/%zz",
            "http://example.com/%2",
            "http://example.com/\u{0}",
            "http://example.com/\u{fffe}",
            "http://example.com/\u{85}",
            "http://example.com/\n",
            "schéme:x",
        ] {
            assert!(iri_fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn mailtos() {
        for good in [
            "mailto:ana@example.com",
            "mailto:Ana.B+c@sub.example.co.uk",
            "mailto:a@localhost",
            "mailto:o'hara@example.com",
            "mailto:\"a@b\"@example.com",
            "mailto:a@[192.0.2.1]",
            "mailto:jürgen@bücher.example",
        ] {
            assert_eq!(mailto_fault(good), None, "{good}");
        }
        for bad in [
            "",
            "ana@example.com",
            "mailto:",
            "mailto:ana",
            "mailto:@example.com",
            "mailto:ana@",
            "mailto:a b@example.com",
            "mailto:a@b@example.com",
            "mailto:a@example..com",
            "mailto:a@-x.com",
            "mailto:a@example.com,b@example.com",
            "mailto:a@example.com?subject=x",
            "MAILTO:a@example.com",
            "http://a@example.com",
        ] {
            assert!(mailto_fault(bad).is_some(), "{bad}");
        }
    }
}
