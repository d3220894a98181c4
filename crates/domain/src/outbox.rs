//! What leaves the server: when it is tried again, and when it is given up.
//!
//! A delivery is tried for 75 hours of waiting, whatever the clock says meanwhile: what counts is how long we meant to
//! wait, so a clock that jumps neither gives up early nor repeats at once. Then it is parked, never dropped.

use crate::ids::DeliveryId;
use crate::time::Instant;

worded! {
    /// How a delivery leaves.
    pub enum Kind {
        /// By SMTP, to one mailbox.
        Mail = "mail",
        /// By HTTP, to an endpoint that somebody named.
        Webhook = "webhook",
        /// By xAPI, to another record store.
        Statements = "statements",
    }
}

worded! {
    /// Where a delivery stands.
    pub enum State {
        /// Waits for its turn.
        Waiting = "waiting",
        /// The receiver took it.
        Sent = "sent",
        /// Could not be sent; kept until somebody sends it again.
        Parked = "parked",
        /// Nobody to send it to any more: the receiver no longer has the right, or is gone.
        Withdrawn = "withdrawn",
    }
}

/// Seconds of waiting after which a delivery is parked: 75 hours, as Standard Webhooks has it.
pub const GIVE_UP_AFTER: i64 = 75 * 3600;
/// The longest wait between two tries, in seconds.
const LONGEST: i64 = 4 * 3600;
/// The longest wait that a receiver may ask for, in seconds.
pub const LONGEST_ASKED: i64 = 24 * 3600;

/// What a try came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// The receiver took it, with its words.
    Sent(String),
    /// Not now: why, and how many seconds the receiver asked us to wait, if it did.
    Later(String, Option<i64>),
    /// Never: the receiver refused it for good.
    Never(String),
    /// The receiver is no more: nothing need be sent there again.
    Gone(String),
    /// There is nobody to send it to any more.
    Withdrawn(String),
}

impl Tried {
    /// What was said, for the log.
    pub fn words(&self) -> &str {
        match self {
            Tried::Sent(w) | Tried::Later(w, _) | Tried::Never(w) | Tried::Gone(w) | Tried::Withdrawn(w) => w,
        }
    }
}

/// What becomes of a delivery after a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// It is done.
    Sent,
    /// It is tried again after so many seconds.
    Again(i64),
    /// It is kept, with the reason.
    Parked(String),
    /// It is kept, with the reason, and so is everything else for this receiver.
    ParkedWithAll(String),
    /// It is no longer to be sent, with the reason.
    Withdrawn(String),
}

/// Seconds until the next try after a number of tries, at most: 30 s, 1 min, 2 min … 4 hours.
pub fn wait_after(tries: i64) -> i64 {
    30_i64.saturating_mul(1 << tries.clamp(1, 10).saturating_sub(1)).min(LONGEST)
}

/// The same, up to a fifth shorter. What failed together is so not tried together again.
///
/// The chance comes from the delivery's id, so the same try always waits as long.
fn spread(tries: i64, id: DeliveryId) -> i64 {
    let wait = wait_after(tries);
    let noise = id.uuid().as_u128() as u64 ^ (tries as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let part = (noise.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 44) as i64 % 1000;
    wait - wait * part / 5000
}

/// What becomes of a delivery: `tries` so far, the last one included, and `waited` seconds that we meant to wait between them.
pub fn then(id: DeliveryId, tries: i64, waited: i64, tried: &Tried) -> Then {
    match tried {
        Tried::Sent(_) => Then::Sent,
        Tried::Never(why) => Then::Parked(why.clone()),
        Tried::Gone(why) => Then::ParkedWithAll(why.clone()),
        Tried::Withdrawn(why) => Then::Withdrawn(why.clone()),
        Tried::Later(why, _) if waited >= GIVE_UP_AFTER => {
            Then::Parked(format!("given up after {tries} tries in 75 hours: {why}"))
        }
        Tried::Later(_, asked) => {
            Then::Again(spread(tries, id).max(asked.unwrap_or(0).clamp(0, LONGEST_ASKED)))
        }
    }
}

/// A moment in the future at which something is due counts as due now where it lies further ahead than anything is ever
/// put off: then the clock stood later when it was written.
pub fn not_after(now: Instant) -> Instant {
    now.plus_seconds(LONGEST_ASKED + 3600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(n: u128) -> DeliveryId {
        DeliveryId::new(Uuid::from_u128(n * 0x0123_4567_89AB_CDEF_1357))
    }

    #[test]
    fn a_delivery_is_tried_for_75_hours_of_waiting_and_then_parked() {
        for n in 1..200 {
            let (mut waited, mut tries) = (0, 0);
            let why = loop {
                tries += 1;
                match then(id(n), tries, waited, &Tried::Later("greylisted".into(), None)) {
                    Then::Again(wait) => {
                        let most = wait_after(tries);
                        assert!(wait <= most && wait * 5 >= most * 4, "{wait} of {most}");
                        waited += wait;
                    }
                    Then::Parked(why) => break why,
                    other => panic!("{other:?}"),
                }
            };
            assert!(why.contains("75 hours"), "{why}");
            assert!((GIVE_UP_AFTER..GIVE_UP_AFTER + LONGEST).contains(&waited), "{waited}");
            assert!((25..40).contains(&tries), "{tries} tries");
        }
    }

    #[test]
    fn what_failed_together_comes_back_spread_out() {
        let waits: std::collections::BTreeSet<i64> = (0..200).map(|n| spread(10, id(n))).collect();
        assert!(waits.len() > 100, "{}", waits.len());
    }

    #[test]
    fn a_receiver_may_ask_for_patience_but_not_for_ever() {
        let asked = |s| then(id(1), 1, 0, &Tried::Later("429".into(), Some(s)));
        assert_eq!(asked(600), Then::Again(600));
        assert_eq!(asked(i64::MAX), Then::Again(LONGEST_ASKED));
        assert!(matches!(asked(-5), Then::Again(24..=30)));
    }

    #[test]
    fn what_is_refused_for_good_is_parked_at_once() {
        let refused = Tried::Never("no such mailbox".into());
        assert_eq!(then(id(1), 1, 0, &refused), Then::Parked("no such mailbox".into()));
        assert_eq!(then(id(1), 1, 0, &Tried::Gone("410".into())), Then::ParkedWithAll("410".into()));
    }
}
