//! Language tags (RFC 5646), maps of texts by language, and the choice of one by `Accept-Language`.

/// Whether a text is a well-formed language tag: the grammar of RFC 5646, section 2.1, grandfathered tags included.
/// Whether the language exists is not asked.
pub fn is_language_tag(tag: &str) -> bool {
    if tag.len() > 200 || !tag.is_ascii() {
        return false;
    }
    if IRREGULAR.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
        return true;
    }
    let alpha = |p: &str| p.bytes().all(|b| b.is_ascii_alphabetic());
    let alnum = |p: &str| p.bytes().all(|b| b.is_ascii_alphanumeric());
    let mut parts = tag.split('-').peekable();
    let Some(language) = parts.next() else { return false };
    if language.eq_ignore_ascii_case("x") {
        return private_use(parts);
    }
    if !alpha(language) || !(2..=8).contains(&language.len()) {
        return false;
    }
    if language.len() <= 3 {
        for _ in 0..3 {
            if parts.next_if(|p| p.len() == 3 && alpha(p)).is_none() {
                break;
            }
        }
    }
    let _script = parts.next_if(|p| p.len() == 4 && alpha(p));
    let _region = parts
        .next_if(|p| (p.len() == 2 && alpha(p)) || (p.len() == 3 && p.bytes().all(|b| b.is_ascii_digit())));
    let is_variant = |p: &&str| {
        alnum(p)
            && ((5..=8).contains(&p.len()) || (p.len() == 4 && p.starts_with(|c: char| c.is_ascii_digit())))
    };
    let mut variants: Vec<&str> = Vec::new();
    while let Some(variant) = parts.next_if(is_variant) {
        if variants.iter().any(|v| v.eq_ignore_ascii_case(variant)) {
            return false;
        }
        variants.push(variant);
    }
    let mut singletons: Vec<u8> = Vec::new();
    while let Some(part) = parts.next() {
        let &[singleton] = part.as_bytes() else { return false };
        if !singleton.is_ascii_alphanumeric() {
            return false;
        }
        if singleton.eq_ignore_ascii_case(&b'x') {
            return private_use(parts);
        }
        if singletons.contains(&singleton.to_ascii_lowercase()) {
            return false;
        }
        singletons.push(singleton.to_ascii_lowercase());
        let mut any = false;
        while parts.next_if(|p| (2..=8).contains(&p.len()) && alnum(p)).is_some() {
            any = true;
        }
        if !any {
            return false;
        }
    }
    true
}

fn private_use<'a>(parts: impl Iterator<Item = &'a str>) -> bool {
    let mut any = false;
    for part in parts {
        any = true;
        if !(1..=8).contains(&part.len()) || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return false;
        }
    }
    any
}

/// The grandfathered tags that the grammar does not reach (RFC 5646, section 2.1, `irregular`).
const IRREGULAR: [&str; 17] = [
    "en-GB-oed",
    "i-ami",
    "i-bnn",
    "i-default",
    "i-enochian",
    "i-hak",
    "i-klingon",
    "i-lux",
    "i-mingo",
    "i-navajo",
    "i-pwn",
    "i-tao",
    "i-tay",
    "i-tsu",
    "sgn-BE-FR",
    "sgn-BE-NL",
    "sgn-CH-DE",
];

/// Texts by language, in the order written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LanguageMap(pub Vec<(String, String)>);

impl LanguageMap {
    /// The text that suits a reader best; the first one where none of the preferred languages is there.
    pub fn pick(&self, preferred: &Preferred) -> Option<&str> {
        preferred.choose(self.0.iter().map(|(tag, text)| (tag.as_str(), text.as_str())))
    }
}

/// The languages that a reader wants, best first: the parsed form of an `Accept-Language` header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferred(Vec<String>);

impl Preferred {
    /// From a header such as `de-CH, de;q=0.9, *;q=0.1`. What cannot be read is left out:
    /// a reader's wish is never a reason to refuse.
    pub fn from_header(header: &str) -> Self {
        let mut ranges: Vec<(u32, String)> = Vec::new();
        for item in header.split(',').take(64) {
            let mut parts = item.split(';');
            let range = parts.next().unwrap_or_default().trim();
            let quality = parts
                .filter_map(|p| p.trim().strip_prefix("q="))
                .find_map(|q| q.trim().parse::<f32>().ok())
                .map_or(1000, |q| (q.clamp(0.0, 1.0) * 1000.0) as u32);
            if quality > 0 && (range == "*" || is_language_tag(range)) {
                ranges.push((quality, range.to_ascii_lowercase()));
            }
        }
        ranges.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
        Self(ranges.into_iter().map(|(_, range)| range).collect())
    }

    /// Chooses among values by language: lookup as in RFC 4647 section 3.4 for each wish in turn,
    /// then a longer tag of the same language, at last the first value there is.
    pub fn choose<'a, T: Copy>(&self, values: impl Iterator<Item = (&'a str, T)> + Clone) -> Option<T> {
        for wish in &self.0 {
            if wish == "*" {
                break;
            }
            let mut range = wish.as_str();
            loop {
                if let Some((_, value)) = values.clone().find(|(tag, _)| tag.eq_ignore_ascii_case(range)) {
                    return Some(value);
                }
                match range.rfind('-') {
                    Some(cut) => range = &range[..cut],
                    None => break,
                }
            }
            let longer = |tag: &str| {
                tag.len() > range.len()
                    && tag.as_bytes().get(range.len()) == Some(&b'-')
                    && tag.as_bytes()[..range.len()].eq_ignore_ascii_case(range.as_bytes())
            };
            if let Some((_, value)) = values.clone().find(|(tag, _)| longer(tag)) {
                return Some(value);
            }
        }
        values.clone().next().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        for good in [
            "en",
            "EN",
            "de-CH",
            "zh-Hant-TW",
            "zh-cmn-Hans-CN",
            "es-419",
            "sl-rozaj-biske",
            "de-CH-1901",
            "en-US-u-islamcal",
            "en-a-bbb-x-a-ccc",
            "x-whatever",
            "i-klingon",
            "art-lojban",
            "tlh",
            "und",
            "ast",
            "sr-Latn-RS",
            "en-x-a",
        ] {
            assert!(is_language_tag(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "a12345",
            "en_US",
            "en-",
            "-en",
            "en--US",
            "de-419-DE",
            "a-DE",
            "ar-a-aaa-b-bbb-a-ccc",
            "de-1901-1901",
            "x-",
            "en-u",
            "en-US-",
            "toolonglanguage",
            "en-🇬🇧",
            "123",
            "en us",
            "en-US-u",
        ] {
            assert!(!is_language_tag(bad), "{bad}");
        }
    }

    #[test]
    fn choice() {
        let map = LanguageMap(
            [("en-US", "hello"), ("de", "hallo"), ("fr-CA", "salut")]
                .map(|(a, b)| (a.into(), b.into()))
                .into(),
        );
        for (header, want) in [
            ("de", "hallo"),
            ("de-CH", "hallo"),
            ("en", "hello"),
            ("en-GB", "hello"),
            ("fr;q=0.5, de;q=0.4", "salut"),
            ("ja", "hello"),
            ("ja, de;q=0.1", "hallo"),
            ("de;q=0, fr", "salut"),
            ("", "hello"),
            ("*", "hello"),
            (";;,,q=", "hello"),
        ] {
            assert_eq!(map.pick(&Preferred::from_header(header)), Some(want), "{header}");
        }
        assert_eq!(LanguageMap::default().pick(&Preferred::default()), None);
    }
}
