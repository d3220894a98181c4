//! Statements to send: what a course of short lessons records, about 1,074 bytes each, every id fresh.

use std::time::{Duration, UNIX_EPOCH};

use anyhow::Result;
use serde_json::{Value, json};

/// People who send.
const ACTORS: u32 = 5000;
/// Lessons they take.
const LESSONS: u32 = 500;
/// Different statements in the pool; ids and times are new in every request.
const SHAPES: usize = 20_000;
const PLACE_OF_ID: &str = "00000000-0000-4000-8000-000000000000";
const PLACE_OF_TIME: &str = "2026-01-01T00:00:00.000Z";
const HOME: &str = "https://lms.example.com";
const CMI5: &str = "https://w3id.org/xapi/cmi5/context";

/// Ready-made statements with the places where the id and the time go.
pub(crate) struct Pool {
    shapes: Vec<Shape>,
    pub(crate) mean_bytes: usize,
}

struct Shape {
    text: Vec<u8>,
    id_at: usize,
    time_at: usize,
}

impl Pool {
    /// The same pool every time.
    ///
    /// # Errors
    /// Where a statement lost the place of its id or time.
    pub(crate) fn new() -> Result<Self> {
        let mut random = Random(1);
        let mut shapes = Vec::with_capacity(SHAPES);
        let mut number = 0;
        while shapes.len() < SHAPES {
            for statement in one_lesson(number, &mut random) {
                let text = statement.to_string();
                let place = |marker: &str| {
                    text.find(marker).ok_or_else(|| anyhow::anyhow!("a statement without `{marker}`"))
                };
                let (id_at, time_at) = (place(PLACE_OF_ID)?, place(PLACE_OF_TIME)?);
                shapes.push(Shape { text: text.into_bytes(), id_at, time_at });
            }
            number += 1;
        }
        let mean_bytes = shapes.iter().map(|shape| shape.text.len()).sum::<usize>() / shapes.len();
        Ok(Self { shapes, mean_bytes })
    }

    /// An actor of the statements, as the `agent` parameter wants it.
    pub(crate) fn actor(random: &mut Random) -> String {
        let name = format!("user-{:06}", random.below(ACTORS));
        json!({"account": {"homePage": HOME, "name": name}}).to_string()
    }

    /// A lesson of the statements.
    pub(crate) fn lesson(random: &mut Random) -> String {
        let lesson = random.below(LESSONS);
        format!("{HOME}/course/{}/au/{lesson}", lesson / 10)
    }

    /// A course that lessons are grouped by.
    pub(crate) fn course(random: &mut Random) -> String {
        format!("{HOME}/course/{}", random.below(LESSONS) / 10)
    }

    /// A verb of the statements.
    pub(crate) fn verb(random: &mut Random) -> String {
        const VERBS: [&str; 4] = ["initialized", "answered", "completed", "terminated"];
        format!("http://adlnet.gov/expapi/verbs/{}", VERBS[random.below(4) as usize])
    }

    /// Writes the body of one request: a single statement, or an array of `batch`. Gives the id of the first.
    pub(crate) fn write(&self, body: &mut Vec<u8>, batch: usize, random: &mut Random) -> String {
        body.clear();
        let mut first = String::new();
        let now = now();
        if batch > 1 {
            body.push(b'[');
        }
        for at in 0..batch {
            if at > 0 {
                body.push(b',');
            }
            let shape = &self.shapes[random.below(self.shapes.len() as u32) as usize];
            let from = body.len();
            body.extend_from_slice(&shape.text);
            let id = random.uuid();
            body[from + shape.id_at..][..36].copy_from_slice(id.as_bytes());
            if at == 0 {
                first = id;
            }
            body[from + shape.time_at..][..24].copy_from_slice(now.as_bytes());
        }
        if batch > 1 {
            body.push(b']');
        }
        first
    }
}

/// Five statements of one person in one lesson.
fn one_lesson(number: u32, random: &mut Random) -> [Value; 5] {
    let actor = number.wrapping_mul(7919) % ACTORS;
    let lesson = (number.wrapping_mul(104_729) + random.below(LESSONS)) % LESSONS;
    let (registration, session) = (random.uuid(), random.uuid());
    let score = 40 + random.below(61);
    let passed = score >= 60;
    let seconds =
        |random: &mut Random, from: u32| format!("PT{}M{}S", from + random.below(30), random.below(60));
    let statement = |verb: &str, move_on: bool, result: Value| {
        let mut categories = vec![json!({"id": format!("{CMI5}/categories/cmi5"), "objectType": "Activity"})];
        if move_on {
            categories.push(json!({"id": format!("{CMI5}/categories/moveon"), "objectType": "Activity"}));
        }
        let mut activities = json!({
            "grouping": [{"id": format!("{HOME}/course/{}", lesson / 10), "objectType": "Activity"}]
        });
        if verb != "answered" {
            activities["category"] = Value::Array(categories);
        }
        let mut extensions = json!({ format!("{CMI5}/extensions/sessionid"): session });
        if move_on && verb != "completed" {
            extensions[format!("{CMI5}/extensions/masteryscore")] = json!(0.6);
        }
        let mut statement = json!({
            "id": PLACE_OF_ID,
            "actor": {"objectType": "Agent", "name": format!("Person {actor}"),
                "account": {"homePage": HOME, "name": format!("user-{actor:06}")}},
            "verb": {"id": format!("http://adlnet.gov/expapi/verbs/{verb}"), "display": {"en-US": verb}},
            "object": {"objectType": "Activity", "id": format!("{HOME}/course/{}/au/{lesson}", lesson / 10),
                "definition": {"name": {"en-US": format!("Lesson {lesson}: working safely at height")},
                    "description": {"en-US": "Assignable unit of the annual compliance programme."},
                    "type": "http://adlnet.gov/expapi/activities/lesson"}},
            "context": {"registration": registration, "platform": "throughline bench", "language": "en-US",
                "contextActivities": activities, "extensions": extensions},
            "timestamp": PLACE_OF_TIME,
        });
        if !result.is_null() {
            statement["result"] = result;
        }
        statement
    };
    let answered = json!({"success": random.below(10) < 7, "response": random.below(5).to_string(),
        "duration": format!("PT{}.{}S", 5 + random.below(60), random.below(10))});
    let completed = json!({"completion": true, "duration": seconds(random, 3)});
    let judged = json!({"success": passed, "duration": seconds(random, 3),
        "score": {"scaled": f64::from(score) / 100.0, "raw": score, "min": 0, "max": 100}});
    let terminated = json!({"duration": seconds(random, 4)});
    [
        statement("initialized", false, Value::Null),
        statement("answered", false, answered),
        statement("completed", true, completed),
        statement(if passed { "passed" } else { "failed" }, true, judged),
        statement("terminated", false, terminated),
    ]
}

/// A quick generator of numbers (SplitMix64, Steele, Lea and Flood 2014): nothing here needs to be unguessable.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A generator that differs from run to run, so that no id is ever sent twice.
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub(crate) fn fresh() -> Result<Self> {
        use std::io::Read;
        let mut seed = [0; 8];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
        Ok(Self(u64::from_le_bytes(seed)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `most`.
    pub(crate) fn below(&mut self, most: u32) -> u32 {
        (((self.next() >> 32) * u64::from(most)) >> 32) as u32
    }

    /// A random (version 4) UUID.
    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }
}

/// Now, as statements say it: `2026-01-01T00:00:00.000Z`.
pub(crate) fn now() -> String {
    #[expect(clippy::disallowed_methods, reason = "a load that is stamped with the time it is sent at")]
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let (year, month, day) = date((since.as_secs() / 86_400) as i64);
    let second = since.as_secs() % 86_400;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        second / 3600,
        second / 60 % 60,
        second % 60,
        since.subsec_millis()
    )
}

/// The civil date of a day counted from 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms").
pub(crate) fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_json_with_fresh_ids() {
        let pool = Pool::new().unwrap();
        assert!((1000..1150).contains(&pool.mean_bytes), "{}", pool.mean_bytes);
        let mut random = Random(7);
        let mut body = Vec::new();
        pool.write(&mut body, 50, &mut random);
        let statements: Vec<Value> = serde_json::from_slice(&body).unwrap();
        let ids: std::collections::BTreeSet<_> =
            statements.iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 50);
        pool.write(&mut body, 1, &mut random);
        assert!(
            serde_json::from_slice::<Value>(&body).unwrap()["timestamp"].as_str().unwrap().ends_with('Z')
        );
    }

    #[test]
    fn dates() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(date(19_723), (2024, 1, 1));
    }
}
