//! Signed statements: the JSON web signature that comes with one as an attachment (Data 2.6, RFC 7515).
//!
//! The signature is taken apart, held against its statement, and verified with the key of the certificate that it brings along.
//! Whom that certificate stands for is nobody's promise: the specification leaves trust in it to whoever reads the statement.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use ring::signature::{self, RsaParameters, UnparsedPublicKey};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::asn1::ObjectIdentifier;

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

impl Algorithm {
    const fn parameters(self) -> &'static RsaParameters {
        match self {
            Self::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Self::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            Self::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        }
    }
}

/// `rsaEncryption` (RFC 8017, A.1): what a certificate calls a key of this kind.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

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

impl Jws<'_> {
    /// Whether it was made with the key of the first certificate (RFC 7515, 4.1.6); `Ok(false)` where it brings none.
    ///
    /// # Errors
    /// Where the certificate cannot be read, holds no RSA key of 2,048 bits or more, or the signature is not of that key.
    pub fn verify(&self) -> Result<bool, String> {
        let Some(certificate) = self.certificates.first() else { return Ok(false) };
        let certificate = Certificate::from_der(certificate)
            .map_err(|_| "the first certificate in `x5c` is no X.509 certificate".to_owned())?;
        let key = &certificate.tbs_certificate.subject_public_key_info;
        let bytes = key.subject_public_key.as_bytes().filter(|_| key.algorithm.oid == RSA);
        let Some(bytes) = bytes else {
            return Err("the first certificate in `x5c` holds no RSA key".to_owned());
        };
        UnparsedPublicKey::new(self.algorithm.parameters(), bytes)
            .verify(self.signing_input, &self.signature)
            .map(|()| true)
            .map_err(|_| {
                "the signature was not made with the key of its certificate (or that key has fewer than 2,048 bits)"
                    .to_owned()
            })
    }
}

/// Whether `data` is a well-formed signature whose payload means the same as the statement it came with, made with the key of
/// the certificate that it brings along, if it brings one.
pub fn check_signature<'a>(statement: &str, data: &'a [u8]) -> Result<Jws<'a>, String> {
    let jws = Jws::parse(data)?;
    if let Err(broken) = Doc::read(&jws.payload, 64) {
        return Err(format!("the payload of the JWS is no JSON: {}", broken.what));
    }
    if !same_but_for_signature(statement, &jws.payload) {
        return Err("the payload of the JWS is another statement than the one it came with".to_owned());
    }
    jws.verify()?;
    Ok(jws)
}
