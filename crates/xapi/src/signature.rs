//! Signed statements: the JSON web signature that comes with one as an attachment (Data 2.6, RFC 7515).
//!
//! The signature is taken apart and held against its statement. Whether it was made with the key of a certificate that it
//! brings along is for the caller to verify, who has the means: [`Jws`] hands over everything that takes.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::json::{Doc, Kind, Value};
use crate::sameness::same_but_for_signature;

/// How a signature was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

/// A JSON web signature in compact form, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jws<'a> {
    /// How it was made.
    pub algorithm: Algorithm,
    /// The certificates it brings along, each in DER, the signer's first. None, where it brings none.
    pub certificates: Vec<Vec<u8>>,
    /// What was signed.
    pub signing_input: &'a [u8],
    /// The signature.
    pub signature: Vec<u8>,
    /// The statement as it was before it was signed, as JSON.
    pub payload: String,
}

impl<'a> Jws<'a> {
    /// Takes a signature apart, or says why it is none.
    pub fn parse(data: &'a [u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(data).map_err(|_| "the signature is not text")?.trim_ascii();
        let mut pieces = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (pieces.next(), pieces.next(), pieces.next(), pieces.next())
        else {
            return Err("the signature is not a JWS of three parts with dots between".to_owned());
        };
        let decode = |piece: &str, name: &str| {
            URL_SAFE_NO_PAD.decode(piece).map_err(|_| format!("the {name} of the JWS is not base64url"))
        };
        let header =
            String::from_utf8(decode(header, "header")?).map_err(|_| "the header of the JWS is not text")?;
        let header = Doc::read(&header, 16)
            .map_err(|broken| format!("the header of the JWS is no JSON: {}", broken.what))?;
        let header = header.root();
        if header.kind() != Kind::Object {
            return Err("the header of the JWS is not an object".to_owned());
        }
        let algorithm = match header.get("alg").and_then(Value::text) {
            Some("RS256") => Algorithm::Rs256,
            Some("RS384") => Algorithm::Rs384,
            Some("RS512") => Algorithm::Rs512,
            Some(other) => {
                let other = crate::json::short(other, 40).escape_debug().to_string();
                return Err(format!("the algorithm of the JWS is `{other}`, not RS256, RS384 or RS512"));
            }
            None => return Err("the header of the JWS names no algorithm".to_owned()),
        };
        if header.get("crit").is_some() {
            return Err("the header of the JWS asks for extensions (`crit`)".to_owned());
        }
        let certificates = match header.get("x5c") {
            None => Vec::new(),
            Some(list) if list.kind() == Kind::Array && !list.is_empty() => list
                .items()
                .map(|v| v.text().and_then(|text| STANDARD.decode(text).ok()))
                .collect::<Option<_>>()
                .ok_or("a certificate in `x5c` is not base64")?,
            Some(_) => return Err("`x5c` is not a list of certificates".to_owned()),
        };
        let payload = String::from_utf8(decode(payload, "payload")?)
            .map_err(|_| "the payload of the JWS is not text")?;
        let signature = decode(signature, "signature")?;
        if signature.is_empty() {
            return Err("the signature of the JWS is empty".to_owned());
        }
        let signed = text.rfind('.').unwrap_or_default();
        Ok(Self { algorithm, certificates, signing_input: &text.as_bytes()[..signed], signature, payload })
    }
}

/// Whether `data` is a well-formed signature whose payload means the same as the statement it came with.
pub fn check_signature<'a>(statement: &str, data: &'a [u8]) -> Result<Jws<'a>, String> {
    let jws = Jws::parse(data)?;
    if let Err(broken) = Doc::read(&jws.payload, 64) {
        return Err(format!("the payload of the JWS is no JSON: {}", broken.what));
    }
    if !same_but_for_signature(statement, &jws.payload) {
        return Err("the payload of the JWS is another statement than the one it came with".to_owned());
    }
    Ok(jws)
}
