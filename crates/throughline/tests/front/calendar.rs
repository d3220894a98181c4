//! Calendars: invitations for checks, taken back when they are done, and a private feed.

use app::outbox::deliver;
use store::Store;

use crate::company::Company;
use crate::replies::{Kept, couriers};

/// The calendar inside a letter, unfolded.
fn calendar(letter: &str) -> String {
    let start = letter.find("BEGIN:VCALENDAR").unwrap_or_else(|| panic!("no calendar in {letter}"));
    let end = letter.find("END:VCALENDAR").unwrap();
    letter[start..end].replace("\r\n ", "").replace("=3D", "=")
}

testkit::both_databases! {
    async fn a_check_goes_into_both_calendars_moves_and_goes_out_again(store: Store) {
        let c = Company::start(store).await;
        let app = &c.server.app;
        let kept = Kept::start();
        let send = async || {
            while deliver(app, &couriers(kept.port)).await.unwrap() > 0 {}
            let mut letters = std::mem::take(&mut *kept.letters.lock().unwrap());
            letters.retain(|l| l.contains("text/calendar"));
            letters
        };
        let (leader, maya) = (c.browser("lead0").await, c.browser("p3").await);
        let talk = c.talk(&leader);
        let agreed = [("going_on", "Fewer callers answer"), ("we_try", "Call before ten"), ("who", "person"), ("by", ""), ("look_again", "2026-04-15"), ("do", "agree")];
        leader.form(&format!("{talk}/record"), &agreed).expect(303);
        assert!(send().await.is_empty(), "not before both agreed");
        maya.form(&format!("{talk}/agree"), &[]).expect(303);
        let letters = send().await;
        assert_eq!(letters.len(), 2, "{letters:#?}");
        let uid = |text: &str| text.lines().find_map(|l| l.strip_prefix("UID:")).unwrap().trim().to_owned();
        for letter in &letters {
            let text = calendar(letter);
            assert!(letter.contains("method=REQUEST"), "{letter}");
            for wanted in ["METHOD:REQUEST", "DTSTART;VALUE=DATE:20260415", "DTEND;VALUE=DATE:20260416", "SUMMARY:Look again: successful calls"] {
                assert!(text.contains(wanted), "{wanted} in {text}");
            }
            assert!(!text.contains("Fewer callers") && !text.contains("before ten"), "{text}");
        }
        let first = calendar(&letters[0]);
        assert_eq!(uid(&first), uid(&calendar(&letters[1])));

        // The feed holds the same day, for whoever has its address, until it is ended.
        let made = maya.form("/channels/calendar", &[("do", "make")]).expect(200).text();
        let address = made.split("value=\"").find_map(|p| p.split('"').next().filter(|a| a.contains("/calendar/"))).unwrap();
        let path = address.strip_prefix(&app.settings.public_url).unwrap().to_owned();
        let anyone = c.server.anonymous();
        let feed = anyone.get(&path).expect(200);
        assert_eq!(feed.header("content-type"), "text/calendar; charset=utf-8");
        let text = feed.text().replace("\r\n ", "");
        assert!(text.contains("DTSTART;VALUE=DATE:20260415") && uid(&text) == uid(&first), "{text}");
        assert!(!text.contains("P3") && !text.contains("Lead0"), "{text}");
        anyone.get("/calendar/x").expect(404);
        maya.form("/channels/calendar", &[("do", "make")]).expect(200);
        anyone.get(&path).expect(404);

        // Looked at, and looked at again later: the same entry on another day. Then it is done.
        c.server.advance(28 * 86_400);
        let (leader, maya) = (c.browser("lead0").await, c.browser("p3").await);
        leader.form(&format!("{talk}/check"), &[("outcome", "continue")]).expect(303);
        let moved = send().await;
        assert_eq!(moved.len(), 2);
        let text = calendar(&moved[0]);
        let sequence = |t: &str| -> i64 { t.lines().find_map(|l| l.strip_prefix("SEQUENCE:")).unwrap().trim().parse().unwrap() };
        assert!(uid(&text) == uid(&first) && sequence(&text) > sequence(&first) && !text.contains("DATE:20260415"), "{text}");
        leader.form(&format!("{talk}/check"), &[("outcome", "recovered")]).expect(303);
        let done = send().await;
        assert_eq!(done.len(), 2);
        assert!(calendar(&done[0]).contains("METHOD:CANCEL") && calendar(&done[0]).contains("STATUS:CANCELLED"));
        maya.form("/channels/calendar", &[("do", "end")]).expect(303);
    }
}
