//! Plain text for letters: paragraphs, items and links, wrapped for reading.

/// Where lines are broken, as RFC 5322 section 2.1.1 recommends with room to be quoted.
const WIDTH: usize = 72;

/// A plain text under construction.
#[derive(Debug, Clone, Default)]
pub struct Plain {
    text: String,
    in_list: bool,
}

impl Plain {
    /// An empty text.
    pub fn new() -> Self {
        Self::default()
    }

    /// A paragraph, wrapped; a blank line before it.
    #[must_use]
    pub fn paragraph(mut self, words: &str) -> Self {
        self.gap(false);
        self.wrap(words, "", "");
        self
    }

    /// One item of a list, wrapped under its dash.
    #[must_use]
    pub fn item(mut self, words: &str) -> Self {
        self.gap(true);
        self.wrap(words, "- ", "  ");
        self
    }

    /// What a link is for, and below it the link alone on its line, so that no mail program breaks it.
    #[must_use]
    pub fn link(mut self, label: &str, url: &str) -> Self {
        self.gap(false);
        self.wrap(label, "", "");
        self.text.extend(url.chars().filter(|c| !c.is_whitespace() && !c.is_control()));
        self.text.push('\n');
        self
    }

    /// The finished text, ending in one line end.
    pub fn finish(self) -> String {
        self.text
    }

    fn gap(&mut self, item: bool) {
        let joined = item && self.in_list;
        if !self.text.is_empty() && !joined {
            self.text.push('\n');
        }
        self.in_list = item;
    }

    fn wrap(&mut self, words: &str, first: &str, then: &str) {
        let mut line = first.to_owned();
        let mut width = first.chars().count();
        let mut fresh = true;
        for word in words.split_whitespace() {
            let length = word.chars().count();
            if !fresh && width + 1 + length > WIDTH {
                self.text.push_str(&line);
                self.text.push('\n');
                then.clone_into(&mut line);
                (width, fresh) = (then.chars().count(), true);
            }
            if !fresh {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            (width, fresh) = (width + length, false);
        }
        self.text.push_str(&line);
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_links_are_not() {
        let url = format!("https://throughline.example.com/alerts/{}", "x".repeat(60));
        let text = Plain::new()
            .paragraph("Hello  Maya,\nthe days on hand of Plant North have been off target for six weeks, and last week more than before.")
            .item("started in week 6")
            .item("hits four of the six lines, which is more than one line's own doing would explain by itself")
            .link("Open it:", &url)
            .finish();
        assert_eq!(
            text,
            format!(
                "Hello Maya, the days on hand of Plant North have been off target for six\n\
                 weeks, and last week more than before.\n\n\
                 - started in week 6\n\
                 - hits four of the six lines, which is more than one line's own doing\n  would explain by itself\n\n\
                 Open it:\n{url}\n"
            )
        );
        assert_eq!(Plain::new().paragraph("").finish(), "\n");
    }
}
