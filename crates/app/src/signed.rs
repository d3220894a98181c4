//! What the server signs for itself, to know again when it comes back: links that act with one tap, reply addresses.
//!
//! A token is what it says and a MAC over it (HMAC-SHA256, cut to 128 bits). Nothing is stored, so whoever takes the
//! installation's key away makes all of them void at once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use store::db::{Read, Tx};

use crate::{App, Error, Result};

/// Where the installation keeps its key.
const SETTING: &str = "signing key";
/// Bytes of a MAC that are kept.
const MAC: usize = 16;
/// The same where room is short: a guess is one mail, and 80 bits are more mails than anybody sends.
const SHORT_MAC: usize = 10;

/// What a token is for. The same bytes signed for one purpose are worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A link in a mail that acts with one tap.
    Tap,
    /// An address to which a reply goes.
    Reply,
    /// What a statement meant that was taken away.
    Meaning,
}

/// The installation's key.
#[derive(Clone)]
pub(crate) struct Key(Vec<u8>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    pub(crate) fn from_text(text: &str) -> Result<Self> {
        URL_SAFE_NO_PAD.decode(text).map(Self).map_err(Error::internal)
    }

    /// The key, made where there is none yet.
    pub(crate) fn of(tx: &mut Tx) -> Result<Self> {
        if let Some(text) = store::pipeline::setting(tx, SETTING)? {
            return Self::from_text(&text);
        }
        let fresh = crate::ids::secret().map_err(|e| Error::internal(e.to_string()))?;
        store::pipeline::set_setting_once(tx, SETTING, &fresh)?;
        let kept = store::pipeline::setting(tx, SETTING)?;
        Self::from_text(&kept.unwrap_or(fresh))
    }

    /// The key, where there is one.
    pub(crate) fn find(r: &mut Read) -> Result<Option<Self>> {
        store::pipeline::setting(r, SETTING)?.map(|text| Self::from_text(&text)).transpose()
    }

    /// The key, for callers that have no transaction open.
    pub(crate) async fn read(app: &App) -> Result<Option<Self>> {
        app.store.read(Self::find).await
    }

    fn signed(&self, purpose: Purpose, says: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        context.update(match purpose {
            Purpose::Tap => b"throughline one tap\0",
            Purpose::Reply => b"throughline reply\0\0\0",
            Purpose::Meaning => b"throughline meaning\0",
        });
        context.update(says);
        context.sign()
    }

    /// The whole MAC of what it says.
    pub(crate) fn mac(&self, purpose: Purpose, says: &[u8]) -> Vec<u8> {
        self.signed(purpose, says).as_ref().to_vec()
    }

    /// What it says, followed by its MAC.
    pub(crate) fn sign(&self, purpose: Purpose, says: &[u8]) -> Vec<u8> {
        [says, &self.signed(purpose, says).as_ref()[..MAC]].concat()
    }

    /// The same with a MAC for where room is short.
    pub(crate) fn sign_short(&self, purpose: Purpose, says: &[u8]) -> Vec<u8> {
        [says, &self.signed(purpose, says).as_ref()[..SHORT_MAC]].concat()
    }

    /// What a token says, if it is one of ours for this purpose. Takes as long whatever is wrong with it.
    pub(crate) fn open<'a>(&self, purpose: Purpose, token: &'a [u8]) -> Option<&'a [u8]> {
        self.opened(purpose, token, MAC)
    }

    /// The same for a token of [`Key::sign_short`].
    pub(crate) fn open_short<'a>(&self, purpose: Purpose, token: &'a [u8]) -> Option<&'a [u8]> {
        self.opened(purpose, token, SHORT_MAC)
    }

    fn opened<'a>(&self, purpose: Purpose, token: &'a [u8], length: usize) -> Option<&'a [u8]> {
        use subtle::ConstantTimeEq;
        let (says, mac) = token.split_at_checked(token.len().checked_sub(length)?)?;
        let right: bool = self.signed(purpose, says).as_ref()[..length].ct_eq(mac).into();
        right.then_some(says)
    }
}

/// Letters and digits that survive where upper and lower case do not.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Bytes in base 32 (RFC 4648, section 6), in lower case and without padding.
pub(crate) fn to_base32(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut held) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(BASE32[(bits >> held & 31) as usize]));
        }
    }
    if held > 0 {
        text.push(char::from(BASE32[(bits << (5 - held) & 31) as usize]));
    }
    text
}

/// Reads [`to_base32`] back; `None` for anything that it does not write.
pub(crate) fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for letter in text.bytes() {
        let digit = BASE32.iter().position(|b| *b == letter)?;
        bits = (bits << 5) | digit as u32;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 255) as u8);
        }
    }
    (to_base32(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_32_reads_back_what_it_writes() {
        for (bytes, text) in [("", ""), ("f", "my"), ("fo", "mzxq"), ("foobar", "mzxw6ytboi")] {
            assert_eq!(to_base32(bytes.as_bytes()), text, "RFC 4648, section 10");
            assert_eq!(from_base32(text).as_deref(), Some(bytes.as_bytes()));
        }
        for not in ["m", "mz", "MY", "m1", "mz\u{e4}"] {
            assert_eq!(from_base32(not), None, "{not}");
        }
    }

    #[test]
    fn a_token_is_known_again_and_nothing_else_is() {
        let (key, other) = (Key(vec![7; 32]), Key(vec![8; 32]));
        let token = key.sign(Purpose::Tap, b"an alert");
        assert_eq!(key.open(Purpose::Tap, &token), Some(&b"an alert"[..]));
        assert_eq!(key.open(Purpose::Reply, &token), None);
        assert_eq!(other.open(Purpose::Tap, &token), None);
        for n in 0..token.len() {
            let mut bad = token.clone();
            bad[n] ^= 1;
            assert_eq!(key.open(Purpose::Tap, &bad), None, "byte {n}");
            assert_eq!(key.open(Purpose::Tap, &token[..n]), None, "cut at {n}");
        }
    }
}
