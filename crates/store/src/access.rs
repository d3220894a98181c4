//! Sessions, passwords, one-use links, keys and access roles. Secrets are kept as hashes only.

use std::collections::BTreeSet;

use domain::access::{AccessRole, KeyScope};
use domain::actors::ActorPattern;
use domain::ids::{KeyId, PersonId};
use domain::people::Span;
use domain::time::{Day, Instant};

use crate::db::{Error, Read, Row, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// A sign-in that has not been ended.
#[derive(Debug, Clone, PartialEq)]
pub struct WebSession {
    /// Whose.
    pub person: PersonId,
    /// When they signed in.
    pub created: Instant,
    /// When it was last used, to the minute.
    pub seen: Instant,
    /// When it ends however much it is used.
    pub ends: Instant,
}

fn read_session(row: &Row<'_>) -> Result<WebSession> {
    Ok(WebSession { person: row.get(0)?, created: row.get(1)?, seen: row.get(2)?, ends: row.get(3)? })
}

/// Starts a session.
pub fn add_session(tx: &mut Tx, token_hash: &[u8], session: &WebSession) -> Result<()> {
    tx.execute(
        "INSERT INTO web_session (token_hash, person_id, created_at, seen_at, ends_at) VALUES ($1, $2, $3, $4, $5)",
        params![token_hash, session.person, session.created, session.seen, session.ends],
    )?;
    Ok(())
}

/// One session by the hash of its secret.
pub fn session(r: &mut Read, token_hash: &[u8]) -> Result<Option<WebSession>> {
    r.query_one(
        "SELECT person_id, created_at, seen_at, ends_at FROM web_session WHERE token_hash = $1",
        params![token_hash],
        read_session,
    )
}

/// A person's sessions, newest first.
pub fn sessions_of(r: &mut Read, person: PersonId) -> Result<Vec<WebSession>> {
    r.query(
        "SELECT person_id, created_at, seen_at, ends_at FROM web_session WHERE person_id = $1 ORDER BY created_at DESC",
        params![person],
        read_session,
    )
}

/// Notes that a session was used; never back in time.
pub fn touch_session(tx: &mut Tx, token_hash: &[u8], at: Instant) -> Result<()> {
    tx.execute(
        "UPDATE web_session SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2",
        params![token_hash, at],
    )?;
    Ok(())
}

/// Ends a session. Tells whether there was one.
pub fn end_session(tx: &mut Tx, token_hash: &[u8]) -> Result<bool> {
    Ok(tx.execute("DELETE FROM web_session WHERE token_hash = $1", params![token_hash])? > 0)
}

/// Ends a person's sessions but the one with this hash; all with an empty one. Gives how many ended.
pub fn end_sessions_of(tx: &mut Tx, person: PersonId, but: &[u8]) -> Result<u64> {
    tx.execute("DELETE FROM web_session WHERE person_id = $1 AND token_hash <> $2", params![person, but])
}

/// Removes sessions that ended before a moment.
pub fn sweep_sessions(tx: &mut Tx, before: Instant) -> Result<u64> {
    tx.execute("DELETE FROM web_session WHERE ends_at < $1", params![before])
}

/// The stored form of a person's password.
pub fn password(r: &mut Read, person: PersonId) -> Result<Option<String>> {
    r.query_one("SELECT hash FROM password WHERE person_id = $1", params![person], |row| row.get(0))
}

/// Sets a person's password.
pub fn set_password(tx: &mut Tx, person: PersonId, hash: &str, at: Instant) -> Result<()> {
    tx.execute(
        "INSERT INTO password (person_id, hash, changed_at) VALUES ($1, $2, $3)
         ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at",
        params![person, hash, at],
    )?;
    Ok(())
}

/// Whether anybody can sign in with a password.
pub fn any_password(r: &mut Read) -> Result<bool> {
    r.exists("SELECT person_id FROM password", params![])
}

/// A link that works once.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// What for: `set-up` or `invitation`.
    pub purpose: String,
    /// For whom; `None` where it makes a person.
    pub person: Option<PersonId>,
    /// Until when.
    pub ends: Instant,
    /// When it was used.
    pub used: Option<Instant>,
}

/// Adds a link in place of older unused ones for the same purpose and person.
pub fn add_link(tx: &mut Tx, token_hash: &[u8], link: &Link, at: Instant) -> Result<()> {
    match link.person {
        Some(person) => tx.execute(
            "DELETE FROM one_use_link WHERE purpose = $1 AND person_id = $2 AND used_at IS NULL",
            params![&link.purpose, person],
        )?,
        None => tx.execute(
            "DELETE FROM one_use_link WHERE purpose = $1 AND person_id IS NULL AND used_at IS NULL",
            params![&link.purpose],
        )?,
    };
    tx.execute(
        "INSERT INTO one_use_link (token_hash, purpose, person_id, created_at, ends_at) VALUES ($1, $2, $3, $4, $5)",
        params![token_hash, &link.purpose, link.person, at, link.ends],
    )?;
    Ok(())
}

/// One link by the hash of its secret.
pub fn link(r: &mut Read, token_hash: &[u8]) -> Result<Option<Link>> {
    r.query_one(
        "SELECT purpose, person_id, ends_at, used_at FROM one_use_link WHERE token_hash = $1",
        params![token_hash],
        |row| Ok(Link { purpose: row.get(0)?, person: row.get(1)?, ends: row.get(2)?, used: row.get(3)? }),
    )
}

/// Uses a link. Of any number that try, one is told `true`.
pub fn use_link(tx: &mut Tx, token_hash: &[u8], at: Instant) -> Result<bool> {
    Ok(tx.execute(
        "UPDATE one_use_link SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND ends_at > $2",
        params![token_hash, at],
    )? > 0)
}

/// A key for a machine, without its secret.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// What it is for, in words.
    pub name: String,
    /// The part that is no secret: what goes before the colon of Basic.
    pub key: String,
    /// What it may be used for.
    pub scopes: BTreeSet<KeyScope>,
    /// When it was made.
    pub created: Instant,
    /// When it ends by itself.
    pub expires: Option<Instant>,
    /// When somebody ended it.
    pub revoked: Option<Instant>,
    /// When it was last used, to five minutes.
    pub last_used: Option<Instant>,
    /// The only actors that it may speak of.
    pub actors: Option<ActorPattern>,
    /// Until when the secret before the last one works.
    pub former_until: Option<Instant>,
}

/// The hashes of a key's secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHashes {
    /// Of the secret.
    pub now: Vec<u8>,
    /// Of the one before, which works until [`ApiKey::former_until`].
    pub former: Option<Vec<u8>>,
}

const KEY: &str = "SELECT id, name, key, scopes, created_at, expires_at, revoked_at, last_used_at, secret_hash, former_hash, former_until, actors FROM api_key ";

fn read_key(row: &Row<'_>) -> Result<(ApiKey, SecretHashes)> {
    let scopes: BTreeSet<KeyScope> =
        row.word(3, |text| text.split_whitespace().map(KeyScope::from_word).collect())?;
    let key = ApiKey {
        id: row.get(0)?,
        name: row.get(1)?,
        key: row.get(2)?,
        scopes,
        created: row.get(4)?,
        expires: row.get(5)?,
        revoked: row.get(6)?,
        last_used: row.get(7)?,
        former_until: row.get(10)?,
        actors: match row.get::<Option<String>>(11)? {
            Some(_) => Some(row.word(11, |text| text.parse().ok())?),
            None => None,
        },
    };
    Ok((key, SecretHashes { now: row.get(8)?, former: row.get(9)? }))
}

/// Adds a key.
pub fn add_key(tx: &mut Tx, key: &ApiKey, secret_hash: &[u8]) -> Result<()> {
    let scopes: Vec<&str> = key.scopes.iter().map(|s| s.word()).collect();
    tx.execute(
        "INSERT INTO api_key (id, name, key, secret_hash, scopes, created_at, expires_at, actors) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            key.id,
            &key.name,
            &key.key,
            secret_hash,
            scopes.join(" "),
            key.created,
            key.expires,
            key.actors.as_ref().map(ToString::to_string)
        ],
    )?;
    Ok(())
}

/// One key by the part that is no secret, with the hashes of its secrets.
pub fn key(r: &mut Read, key: &str) -> Result<Option<(ApiKey, SecretHashes)>> {
    r.query_one([KEY, "WHERE key = $1"].concat(), params![key], read_key)
}

/// Every key, oldest first.
pub fn keys(r: &mut Read) -> Result<Vec<ApiKey>> {
    r.query([KEY, "ORDER BY id"].concat(), params![], |row| Ok(read_key(row)?.0))
}

/// Gives a key another secret; the one it had works until a moment. Gives the key where it is still good.
pub fn rotate_key(
    tx: &mut Tx,
    id: KeyId,
    secret_hash: &[u8],
    former_until: Instant,
    now: Instant,
) -> Result<Option<ApiKey>> {
    let changed = tx.execute(
        "UPDATE api_key SET former_hash = secret_hash, former_until = $3, secret_hash = $2
         WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $4)",
        params![id, secret_hash, former_until, now],
    )?;
    if changed == 0 {
        return Ok(None);
    }
    tx.query_one([KEY, "WHERE id = $1"].concat(), params![id], |row| Ok(read_key(row)?.0))
}

/// Ends a key. Tells whether it was still good.
pub fn revoke_key(tx: &mut Tx, id: KeyId, at: Instant) -> Result<bool> {
    Ok(tx.execute(
        "UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        params![id, at],
    )? > 0)
}

/// Notes that a key was used.
pub fn touch_key(tx: &mut Tx, id: KeyId, at: Instant) -> Result<()> {
    tx.execute(
        "UPDATE api_key SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
        params![id, at],
    )?;
    Ok(())
}

/// The access roles that a person holds on a day.
pub fn roles_on(r: &mut Read, person: PersonId, day: Day) -> Result<BTreeSet<AccessRole>> {
    let roles = r.query(
        "SELECT access_role FROM access_grant
         WHERE person_id = $1 AND from_day <= $2 AND (until_day IS NULL OR until_day > $2)",
        params![person, day],
        |row| row.word(0, AccessRole::from_word),
    )?;
    Ok(roles.into_iter().collect())
}

/// Every access role that a person held or holds, by start.
pub fn grants_of(r: &mut Read, person: PersonId) -> Result<Vec<(AccessRole, Span)>> {
    r.query(
        "SELECT access_role, from_day, until_day FROM access_grant WHERE person_id = $1 ORDER BY from_day, access_role",
        params![person],
        |row| Ok((row.word(0, AccessRole::from_word)?, Span { from: row.get(1)?, until: row.get(2)? })),
    )
}

/// Gives a person an access role from a day on, without an end.
pub fn add_grant(tx: &mut Tx, person: PersonId, role: AccessRole, from: Day) -> Result<()> {
    tx.execute(
        "INSERT INTO access_grant (person_id, access_role, from_day) VALUES ($1, $2, $3)
         ON CONFLICT (person_id, access_role, from_day) DO UPDATE SET until_day = NULL",
        params![person, role.word(), from],
    )?;
    Ok(())
}

/// Ends a person's access role on a day: from then on they do not hold it. Tells whether they held it.
pub fn end_grant(tx: &mut Tx, person: PersonId, role: AccessRole, on: Day) -> Result<bool> {
    Ok(tx.execute(
        "UPDATE access_grant SET until_day = $3
         WHERE person_id = $1 AND access_role = $2 AND (until_day IS NULL OR until_day > $3)",
        params![person, role.word(), on],
    )? > 0)
}

/// Everybody who holds an access role on a day.
pub fn holders_on(r: &mut Read, role: AccessRole, day: Day) -> Result<Vec<PersonId>> {
    r.query(
        "SELECT person_id FROM access_grant
         WHERE access_role = $1 AND from_day <= $2 AND (until_day IS NULL OR until_day > $2) ORDER BY person_id",
        params![role.word(), day],
        |row| row.get(0),
    )
}

/// How much is held about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Accounts in other systems.
    pub accounts: i64,
    /// Metrics with at least one value.
    pub metrics: i64,
    /// Values, one for each metric and period.
    pub values: i64,
    /// Days and activities of learning.
    pub learning: i64,
    /// Alerts, open and closed.
    pub alerts: i64,
    /// Coaching sessions.
    pub talks: i64,
}

/// Counts what is held about a person, from the roll-ups.
pub fn held(r: &mut Read, person: PersonId) -> Result<Held> {
    let counts = r.query_one(
        "SELECT (SELECT COUNT(*) FROM account WHERE person_id = $1),
                (SELECT COUNT(DISTINCT metric_id) FROM metric_period
                 WHERE metric_id IN (SELECT id FROM metric) AND subject_id = $1),
                (SELECT COUNT(*) FROM metric_period WHERE metric_id IN (SELECT id FROM metric) AND subject_id = $1),
                (SELECT COUNT(*) FROM learning_day WHERE person_id = $1),
                (SELECT COUNT(*) FROM alert WHERE subject_id = $1),
                (SELECT COUNT(*) FROM coaching_session WHERE person_id = $1)",
        params![person],
        |row| {
            Ok(Held {
                accounts: row.get(0)?,
                metrics: row.get(1)?,
                values: row.get(2)?,
                learning: row.get(3)?,
                alerts: row.get(4)?,
                talks: row.get(5)?,
            })
        },
    )?;
    Ok(counts.unwrap_or_default())
}

/// When the newest act was noted.
pub fn newest_note(r: &mut Read) -> Result<Option<Instant>> {
    Ok(r.query_one("SELECT MAX(at) FROM audit_log", params![], |row| row.get::<Option<Instant>>(0))?
        .flatten())
}
