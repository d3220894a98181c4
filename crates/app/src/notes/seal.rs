//! Sealing: what turns a note into bytes that only its author's key opens.
//!
//! Every sealed thing has a key of its own, made by HKDF-SHA-256 (RFC 5869) from the key that is held, 32 random bytes
//! and a label that says what it is and whose. That key is used once, with ChaCha20-Poly1305 (RFC 8439), so its nonce
//! can be zero. The label is authenticated: what is moved to another person, talk or purpose does not open.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};

use crate::{Error, Result};

/// A key of 256 bits. Not shown, not logged.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(not shown)")
    }
}

/// Bytes of salt before each sealed text.
const SALT: usize = 32;

/// Fresh random bytes from the operating system.
pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| Error::internal(e.to_string()))?;
    Ok(bytes)
}

impl Key {
    pub(super) fn new() -> Result<Self> {
        random().map(Self)
    }
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
    /// From a secret of at least 128 random bits; one from which a person chose needs a slow hash before.
    pub(super) fn of_secret(secret: &[u8], label: &str) -> Result<Self> {
        derive(secret, b"throughline notes", label)
    }
    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
    fn once(&self, salt: &[u8], label: &str) -> Result<LessSafeKey> {
        let Key(bytes) = derive(&self.0, salt, label)?;
        let key =
            UnboundKey::new(&CHACHA20_POLY1305, &bytes).map_err(|_| Error::internal("a key of 32 bytes"))?;
        Ok(LessSafeKey::new(key))
    }
    /// Seals bytes for what the label says.
    pub(super) fn seal(&self, label: &str, open: &[u8]) -> Result<Vec<u8>> {
        let salt: [u8; SALT] = random()?;
        let mut text = open.to_vec();
        self.once(&salt, label)?
            .seal_in_place_append_tag(zero(), Aad::from(label.as_bytes()), &mut text)
            .map_err(|_| Error::internal("a note that is too long to seal"))?;
        Ok([&salt[..], &text].concat())
    }
    /// Opens what was sealed for the same label; `None` where key, label or bytes are others.
    pub(super) fn open(&self, label: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some((salt, text)) = sealed.split_at_checked(SALT) else { return Ok(None) };
        let mut text = text.to_vec();
        let opened = self.once(salt, label)?.open_in_place(zero(), Aad::from(label.as_bytes()), &mut text);
        Ok(opened.ok().map(|open| open.to_vec()))
    }
}

/// Allowed because no key is used twice.
fn zero() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

fn derive(secret: &[u8], salt: &[u8], label: &str) -> Result<Key> {
    let mut key = [0; 32];
    Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[label.as_bytes()], HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key))
        .map_err(|_| Error::internal("a key of 32 bytes could not be derived"))?;
    Ok(Key(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_label_open() {
        let (key, other) = (Key::new().unwrap(), Key::new().unwrap());
        let sealed = key.seal("note of a in b", b"she seemed tired").unwrap();
        assert_eq!(key.open("note of a in b", &sealed).unwrap().unwrap(), b"she seemed tired");
        assert!(!sealed.windows(5).any(|w| w == b"tired"));
        assert_eq!(other.open("note of a in b", &sealed).unwrap(), None);
        assert_eq!(key.open("note of a in c", &sealed).unwrap(), None);
        for at in [0, 31, 32, sealed.len() - 1] {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(key.open("note of a in b", &bent).unwrap(), None, "byte {at}");
        }
        for short in [0, 31, 32, 40] {
            assert_eq!(key.open("note of a in b", &sealed[..short]).unwrap(), None);
        }
    }

    #[test]
    fn the_same_text_never_looks_the_same() {
        let key = Key::new().unwrap();
        assert_ne!(key.seal("x", b"same").unwrap(), key.seal("x", b"same").unwrap());
    }
}
