//! iCalendar (RFC 5545): invitations in mails (RFC 5546, RFC 6047) and feeds that calendar programs fetch.
//!
//! Only whole days: when two people look at something again has no hour, and a day is the same day in every time zone.

use domain::time::{Day, Instant};

/// Something that stands in a calendar for a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `local@host`, the same for every change of it.
    pub uid: String,
    /// Grows with every change.
    pub sequence: i64,
    /// When this was written.
    pub stamp: Instant,
    /// The day.
    pub day: Day,
    /// One line.
    pub summary: String,
    /// More; may be empty.
    pub description: String,
    /// Where to read on.
    pub url: String,
    /// Who sends the invitation and who is invited; `None` in a feed.
    pub invitation: Option<Invitation>,
}

/// Who invites whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The address that invites: the one the mail is from.
    pub organizer: String,
    /// The name of the invited person.
    pub name: String,
    /// Their address.
    pub attendee: String,
}

/// What a calendar is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Invites, or changes an invitation.
    Request,
    /// Takes an invitation back.
    Cancel,
    /// Is fetched.
    Publish,
}

impl Method {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Method::Request => "REQUEST",
            Method::Cancel => "CANCEL",
            Method::Publish => "PUBLISH",
        }
    }
}

/// A calendar as text.
pub fn write(method: Method, name: &str, entries: &[Entry]) -> String {
    let mut out = String::new();
    let mut line = |text: String| fold(&text, &mut out);
    line("BEGIN:VCALENDAR".into());
    line("VERSION:2.0".into());
    line("PRODID:-//Throughline//Throughline//EN".into());
    line("CALSCALE:GREGORIAN".into());
    line(format!("METHOD:{}", method.word()));
    if method == Method::Publish {
        line(format!("X-WR-CALNAME:{}", text(name)));
        line("REFRESH-INTERVAL;VALUE=DURATION:PT4H".into());
    }
    for entry in entries {
        line("BEGIN:VEVENT".into());
        line(format!("UID:{}", text(&entry.uid)));
        line(format!("SEQUENCE:{}", entry.sequence));
        line(format!("DTSTAMP:{}", entry.stamp.timestamp().strftime("%Y%m%dT%H%M%SZ")));
        line(format!("DTSTART;VALUE=DATE:{}", day(entry.day)));
        line(format!("DTEND;VALUE=DATE:{}", day(entry.day.plus(1))));
        line(format!("SUMMARY:{}", text(&entry.summary)));
        if !entry.description.is_empty() {
            line(format!("DESCRIPTION:{}", text(&entry.description)));
        }
        line(format!("URL:{}", entry.url));
        line("TRANSP:TRANSPARENT".into());
        line(format!("STATUS:{}", if method == Method::Cancel { "CANCELLED" } else { "CONFIRMED" }));
        if let Some(i) = &entry.invitation {
            line(format!("ORGANIZER;CN=Throughline:mailto:{}", i.organizer));
            line(format!(
                "ATTENDEE;CN={};ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:{}",
                quoted(&i.name),
                i.attendee
            ));
        }
        line("END:VEVENT".into());
    }
    line("END:VCALENDAR".into());
    out
}

fn day(day: Day) -> String {
    day.date().strftime("%Y%m%d").to_string()
}

/// A text value (section 3.3.11).
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A parameter value in quotes, which can hold anything but quotes and control characters (section 3.2).
fn quoted(value: &str) -> String {
    let inner: String =
        value.chars().map(|c| if c == '"' { '\'' } else { c }).filter(|c| !c.is_control()).collect();
    format!("\"{inner}\"")
}

/// A content line in pieces of at most 75 octets, broken between characters (section 3.1).
fn fold(line: &str, out: &mut String) {
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_is_written_as_calendars_read_it() {
        let entry = Entry {
            uid: "action_1@t.example".into(),
            sequence: 3,
            stamp: "2026-03-18T09:00:00Z".parse().unwrap(),
            day: Day::of(2026, 12, 31).unwrap(),
            summary: "Look again; calls, and \\ more\nBEGIN:VEVENT".into(),
            description: "ü".repeat(60),
            url: "https://t.example/sessions/1".into(),
            invitation: Some(Invitation {
                organizer: "throughline@t.example".into(),
                name: "Maya \"M\" L;\r\nX:1".into(),
                attendee: "maya@t.example".into(),
            }),
        };
        let written = write(Method::Request, "x", std::slice::from_ref(&entry));
        assert!(written.split("\r\n").all(|l| l.len() <= 75 && !l.contains('\n')), "{written}");
        let whole = written.replace("\r\n ", "");
        let lines: Vec<&str> = whole.split("\r\n").collect();
        for wanted in [
            "METHOD:REQUEST",
            "SEQUENCE:3",
            "DTSTAMP:20260318T090000Z",
            "DTSTART;VALUE=DATE:20261231",
            "DTEND;VALUE=DATE:20270101",
            "SUMMARY:Look again\\; calls\\, and \\\\ more\\nBEGIN:VEVENT",
            "ORGANIZER;CN=Throughline:mailto:throughline@t.example",
            "ATTENDEE;CN=\"Maya 'M' L;X:1\";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:maya@t.example",
        ] {
            assert!(lines.contains(&wanted), "{wanted} in {lines:#?}");
        }
        assert_eq!(lines.iter().filter(|l| **l == "BEGIN:VEVENT").count(), 1);
        assert!(write(Method::Cancel, "x", &[entry]).contains("STATUS:CANCELLED"));
    }
}
