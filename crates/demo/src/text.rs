//! Words of the demo: written for it, about work, never about what somebody is.

use crate::metrics::*;
use crate::world::{MetricIx, SessionReason};

/// What is going on, what we try, the action.
pub(crate) type Lines = (&'static str, &'static str, &'static str);

/// The words that fit a metric and an occasion.
pub(crate) fn lines(metric: MetricIx, reason: SessionReason) -> &'static [Lines] {
    match (reason, metric) {
        (SessionReason::Gap, _) => &GAP,
        (SessionReason::Regular, _) => &REGULAR,
        (_, CONTACTS) => &CONTACTS_LOW,
        (_, CALLS) => &CALLS_LOW,
        (_, MEETINGS) => &MEETINGS_LOW,
        _ => &OTHERS_LOW,
    }
}

const CONTACTS_LOW: [Lines; 14] = [
    (
        "Cover for a colleague took the mornings.",
        "Cover moves to the afternoons until he is back.",
        "Change the cover plan",
    ),
    (
        "The new form takes a quarter of an hour per client.",
        "Fill it in with the client, on the phone.",
        "Try the form on five calls",
    ),
    (
        "Three long cases came at once.",
        "One case a day, the rest of the morning for contacts.",
        "Block mornings in the calendar",
    ),
    (
        "The list was worked through; nobody new was on it.",
        "Take the clients not spoken with since spring.",
        "Draw up the list of quiet clients",
    ),
    (
        "School holidays: many clients are away.",
        "Write instead of calling, and ask for a date after.",
        "Send twenty short notes",
    ),
    (
        "Walk-ins at the counter break up the day.",
        "Two mornings a week without counter duty.",
        "Agree counter duty with the team",
    ),
    (
        "Moving house; concentration went elsewhere for a while.",
        "Shorter list for two weeks, then as before.",
        "Agree a shorter list",
    ),
    (
        "Notes were missing, so each contact needed a search first.",
        "Four lines after each talk, the same day.",
        "Keep the same-day note for two weeks",
    ),
    (
        "The headset failed and the new one came late.",
        "Spare headset from the region until it is there.",
        "Fetch the spare headset",
    ),
    (
        "Two clients' complaints took most of two weeks.",
        "Hand the second one to the complaints desk.",
        "Hand over the second complaint",
    ),
    (
        "Contacts were made but noted elsewhere.",
        "Note them where they count, from today.",
        "Move the notes of the last two weeks",
    ),
    (
        "Training for the new records system filled the afternoons.",
        "Do the rest of it in one go on Friday.",
        "Finish the system tour on Friday",
    ),
    (
        "No clear order in the morning; the urgent came first.",
        "Ten names by nine, chosen the evening before.",
        "Choose ten names each evening for two weeks",
    ),
    (
        "The area was split and half of the clients are new.",
        "Introduce by letter, then call in the order of reviews due.",
        "Send the letters this week",
    ),
];

const CALLS_LOW: [Lines; 5] = [
    (
        "Calls end before a next step is agreed.",
        "End with who does what until when.",
        "Keep the opener card beside the phone",
    ),
    ("It is loud at the desk.", "Two quiet blocks a week in the back room.", "Book the back room"),
    (
        "The best hours went to meetings.",
        "Meetings after two; calls before noon.",
        "Move two standing meetings",
    ),
    (
        "Many calls at a bad moment.",
        "Ask for the time first, and offer another.",
        "Try the first two sentences on ten calls",
    ),
    (
        "The numbers in the records were old.",
        "Correct three numbers a day, oldest first.",
        "Correct fifteen numbers this week",
    ),
];

const MEETINGS_LOW: [Lines; 5] = [
    (
        "Reviews were moved to next quarter by clients.",
        "Offer twenty minutes by phone instead.",
        "Offer the short review to six clients",
    ),
    ("Dates are agreed too late.", "Agree the next review before parting.", "Book five reviews this week"),
    (
        "The meeting room was being rebuilt.",
        "Meet at the neighbouring branch on Wednesdays.",
        "Ask the neighbours for their room",
    ),
    ("Preparing takes two hours each.", "One page, three questions.", "Use the one-page agenda three times"),
    (
        "Couples could not find a time together.",
        "One evening a week until seven.",
        "Try the late Thursday for four weeks",
    ),
];

const OTHERS_LOW: [Lines; 5] = [
    (
        "Papers wait at the back office for a signature.",
        "Sign on Tuesdays and Fridays, whatever the pile.",
        "Agree signing days with the back office",
    ),
    (
        "Two large clients decide next quarter.",
        "Nothing to force; keep in touch and look again.",
        "Call both in three weeks",
    ),
    (
        "Questions before the offer were short.",
        "Ask a second one before offering anything.",
        "Try it with five clients",
    ),
    (
        "The new product sheet raises more questions than it answers.",
        "Use last year's sheet until it is mended.",
        "Send the three open questions to the product desk",
    ),
    ("Hours went into a handover.", "Done by Friday; then as usual.", "Finish the handover"),
];

const GAP: [Lines; 6] = [
    (
        "The level is steady; the area has fewer clients than the target supposes.",
        "Look at the target together with the region.",
        "Ask the region to look at the target",
    ),
    ("Long ways between clients set the limit.", "One direction a day.", "Plan four weeks by direction"),
    (
        "Part of the week belongs to training two new colleagues.",
        "Count that time, and judge by the hour.",
        "Note the hours for a month",
    ),
    (
        "The clients are older and want fewer, longer talks.",
        "Keep it so; look at revenue per hour instead.",
        "Agree what to look at",
    ),
    (
        "The tool proposes clients who have moved away.",
        "Clean the list, then see again.",
        "Mark thirty clients who moved",
    ),
    (
        "Two tasks from the old job are still being done.",
        "Hand both over by the end of the month.",
        "Hand over the two tasks",
    ),
];

const REGULAR: [Lines; 6] = [
    (
        "A good stretch; what helped was planning the evening before.",
        "Keep it, and tell the team how.",
        "Show the evening plan in the team meeting",
    ),
    ("All in the usual range.", "More time for the two estates.", "Free Wednesday afternoon"),
    (
        "Would like to learn to handle larger accounts.",
        "Sit in with a colleague twice.",
        "Agree two dates with a colleague",
    ),
    (
        "The licence refresher is due next month.",
        "Do it early in the week, before the rush.",
        "Book the refresher",
    ),
    ("Notes after calls work well.", "Make the four lines a template.", "Share the template"),
    ("Friday afternoons are quiet.", "Try shorter Fridays and longer Thursdays.", "Try it for four weeks"),
];

/// A leader's message and the answer to it.
pub(crate) const MESSAGES: [(&str, &str); 8] = [
    ("I saw the change. Do you have a quarter of an hour this week?", "Yes, Thursday after ten is good."),
    ("Shall we look at this together? No hurry from my side.", "Gladly. I have a guess what it is."),
    ("Anything I can take off your desk until we talk?", "The counter duty on Wednesday would help."),
    ("How did the first week with it go?", "Better in the mornings. Afternoons are still full."),
    ("Is the number right, in your eyes?", "Yes, it is. It was a strange fortnight."),
    ("Would it help to swap two accounts?", "Not needed, thank you. It is about time, not accounts."),
    ("Thanks for trying it. Shall we keep it?", "Yes, let us keep it for another month."),
    ("I will ask about the room. Anything else?", "Only the room. The rest I can do."),
];

/// Why somebody promised a level.
pub(crate) const COMMITMENTS: [&str; 6] = [
    "What I reach in a usual week.",
    "A little more than last year.",
    "Agreed with myself after a good quarter.",
    "Enough time for the larger clients.",
    "What fits with two days of cover.",
    "To see whether the new plan carries.",
];

/// Why it was changed.
pub(crate) const COMMITMENT_CHANGES: [&str; 5] = [
    "Three clients moved to a colleague.",
    "Part time from this month.",
    "The call list makes it easier.",
    "Fewer, longer talks this quarter.",
    "The first one was a guess.",
];
