//! What the server signs for itself, to know again when it comes back: links that act with one tap.
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

/// What a token is for. The same bytes signed for one purpose are worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A link in a mail that acts with one tap.
    Tap,
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
        });
        context.update(says);
        context.sign()
    }

    /// What it says, followed by its MAC.
    pub(crate) fn sign(&self, purpose: Purpose, says: &[u8]) -> Vec<u8> {
        let tag = self.signed(purpose, says);
        [says, &tag.as_ref()[..MAC]].concat()
    }

    /// What a token says, if it is one of ours for this purpose. Takes as long whatever is wrong with it.
    pub(crate) fn open<'a>(&self, purpose: Purpose, token: &'a [u8]) -> Option<&'a [u8]> {
        use subtle::ConstantTimeEq;
        let (says, mac) = token.split_at_checked(token.len().checked_sub(MAC)?)?;
        let right: bool = self.signed(purpose, says).as_ref()[..MAC].ct_eq(mac).into();
        right.then_some(says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_again_and_nothing_else_is() {
        let (key, other) = (Key(vec![7; 32]), Key(vec![8; 32]));
        let token = key.sign(Purpose::Tap, b"an alert");
        assert_eq!(key.open(Purpose::Tap, &token), Some(&b"an alert"[..]));
        assert_eq!(other.open(Purpose::Tap, &token), None);
        for n in 0..token.len() {
            let mut bad = token.clone();
            bad[n] ^= 1;
            assert_eq!(key.open(Purpose::Tap, &bad), None, "byte {n}");
            assert_eq!(key.open(Purpose::Tap, &token[..n]), None, "cut at {n}");
        }
    }
}
