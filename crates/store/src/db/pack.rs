//! Bytes packed small: zstd with a dictionary that was learnt from bytes like them (RFC 8878).
//!
//! What a database keeps most of are short texts that differ little from one another. Alone, such a text hardly shrinks; beside a
//! dictionary of what they have in common it takes a tenth. Dictionaries are rows that never change; each packed value names its own,
//! so a new one can be learnt at any time and what was packed before stays readable.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use domain::time::Instant;
use zstd::bulk::{Compressor, Decompressor};

use super::{Error, Read, Tx};
use crate::{params, varint};

/// zstd's own default: what it gains beyond is not worth its time.
const LEVEL: i32 = 3;
/// Bytes of a dictionary at most.
const DICTIONARY: usize = 64 << 10;
/// Contexts kept for use again; more are made where more threads pack at once.
const KEPT: usize = 8;
/// Bytes that one value may unpack to: more than any request may hold.
const LARGEST: usize = 64 << 20;

/// What values are packed with. Number 0 is none at all.
pub struct Dictionary {
    number: i64,
    bytes: Vec<u8>,
    packers: Mutex<Vec<Compressor<'static>>>,
    unpackers: Mutex<Vec<Decompressor<'static>>>,
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dictionary({})", self.number)
    }
}

fn kept<T>(pool: &Mutex<Vec<T>>) -> std::sync::MutexGuard<'_, Vec<T>> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a context, or makes one, and puts it back after its use.
fn with<T, R>(
    pool: &Mutex<Vec<T>>,
    make: impl FnOnce() -> std::io::Result<T>,
    work: impl FnOnce(&mut T) -> std::io::Result<R>,
) -> std::io::Result<R> {
    let found = kept(pool).pop();
    let mut context = found.map_or_else(make, Ok)?;
    let result = work(&mut context)?;
    let mut pool = kept(pool);
    if pool.len() < KEPT {
        pool.push(context);
    }
    Ok(result)
}

impl Dictionary {
    fn new(number: i64, bytes: Vec<u8>) -> Self {
        Self { number, bytes, packers: Mutex::default(), unpackers: Mutex::default() }
    }

    /// Packs a value.
    ///
    /// # Errors
    /// Where there is no memory for it.
    pub fn pack(&self, value: &[u8]) -> Result<Vec<u8>, Error> {
        let make = || {
            let mut packer = Compressor::with_dictionary(LEVEL, &self.bytes)?;
            // The number and the length stand in front of the frame already.
            packer.set_parameter(zstd::zstd_safe::CParameter::ContentSizeFlag(false))?;
            packer.set_parameter(zstd::zstd_safe::CParameter::DictIdFlag(false))?;
            Ok(packer)
        };
        let frame =
            with(&self.packers, make, |packer| packer.compress(value)).map_err(|e| bad("packed", &e))?;
        let mut out = Vec::with_capacity(frame.len() + 8);
        varint::put(&mut out, self.number.unsigned_abs());
        varint::put(&mut out, value.len() as u64);
        out.extend_from_slice(&frame);
        Ok(out)
    }

    fn unpack(&self, frame: &[u8], length: usize, room: usize) -> Result<Vec<u8>, Error> {
        let make = || Decompressor::with_dictionary(&self.bytes);
        let value = with(&self.unpackers, make, |unpacker| unpacker.decompress(frame, length + room));
        match value {
            Ok(value) if value.len() == length => Ok(value),
            Ok(value) => Err(bad("unpacked", &format!("it has {} bytes instead of {length}", value.len()))),
            Err(e) => Err(bad("unpacked", &e)),
        }
    }
}

fn bad(done: &str, reason: &dyn std::fmt::Display) -> Error {
    Error::BadValue { place: format!("a value that was to be {done}"), reason: reason.to_string() }
}

/// The dictionaries of one database that were used so far.
#[derive(Debug, Default)]
pub struct Shelf(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    newest: Option<Arc<Dictionary>>,
    all: BTreeMap<i64, Arc<Dictionary>>,
}

impl Shelf {
    /// What to pack with, if it was asked for before.
    pub(super) fn newest(&self) -> Option<Arc<Dictionary>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).newest.clone()
    }
    fn find(&self, number: i64) -> Option<Arc<Dictionary>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).all.get(&number).cloned()
    }
    fn keep(&self, dictionary: Dictionary, newest: bool) -> Arc<Dictionary> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let dictionary = known.all.entry(dictionary.number).or_insert_with(|| Arc::new(dictionary)).clone();
        if newest {
            known.newest = Some(dictionary.clone());
        }
        dictionary
    }
    /// Asks the database again what to pack with. Call it after a dictionary was added.
    pub(super) fn look_again(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).newest = None;
    }
}

impl Read {
    /// What to pack with: the newest dictionary.
    pub fn dictionary(&mut self) -> Result<Arc<Dictionary>, Error> {
        if let Some(found) = self.shelf.newest() {
            return Ok(found);
        }
        let found = self.query_one(
            "SELECT number, bytes FROM dictionary ORDER BY number DESC LIMIT 1",
            params![],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let (number, bytes) = found.unwrap_or_default();
        Ok(self.shelf.keep(Dictionary::new(number, bytes), true))
    }

    /// Unpacks a value, with room behind it for so many bytes that are to be added.
    ///
    /// # Errors
    /// [`Error::BadValue`] where it is none that was packed here.
    pub fn unpack(&mut self, packed: &[u8], room: usize) -> Result<Vec<u8>, Error> {
        let mut rest = packed;
        let (Some(number), Some(length)) = (varint::take(&mut rest), varint::take(&mut rest)) else {
            return Err(bad("unpacked", &"it ends too soon"));
        };
        if length > LARGEST as u64 {
            return Err(bad("unpacked", &format!("it says that it has {length} bytes")));
        }
        let number = number as i64;
        let dictionary = match self.shelf.find(number) {
            Some(dictionary) => dictionary,
            None if number == 0 => self.shelf.keep(Dictionary::new(0, Vec::new()), false),
            None => {
                let bytes = self
                    .query_one("SELECT bytes FROM dictionary WHERE number = $1", params![number], |row| {
                        row.get(0)
                    })?
                    .ok_or_else(|| bad("unpacked", &format!("dictionary {number} is not there")))?;
                self.shelf.keep(Dictionary::new(number, bytes), false)
            }
        };
        dictionary.unpack(rest, length as usize, room)
    }
}

/// Learns what values have in common; `None` where they are too few or too much alike for it. Takes seconds of processor time.
pub fn learn(samples: &[Vec<u8>]) -> Option<Vec<u8>> {
    zstd::dict::from_samples(samples, DICTIONARY).ok()
}

/// Up to how many values the newest dictionary was learnt from; 0 where there is none.
pub fn learnt_from(r: &mut Read) -> Result<i64, Error> {
    let found =
        r.query_one("SELECT learnt_from FROM dictionary ORDER BY number DESC LIMIT 1", params![], |row| {
            row.get(0)
        })?;
    Ok(found.unwrap_or(0))
}

/// Adds a dictionary, which is used once the store looks again.
pub fn add(tx: &mut Tx, bytes: &[u8], learnt_from: i64, now: Instant) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO dictionary (number, learnt_at, learnt_from, bytes)
         SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3 FROM dictionary",
        params![now, learnt_from, bytes],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_unpacked() {
        let samples: Vec<Vec<u8>> = (0..2_000)
            .map(|n| {
                format!(
                    "{{\"actor\":{{\"name\":\"Person {}\"}},\"n\":{n},\"h\":{}}}",
                    n % 17,
                    n * 7919 % 1009
                )
                .into_bytes()
            })
            .collect();
        let learnt = Dictionary::new(7, learn(&samples).unwrap());
        let plain = Dictionary::new(0, Vec::new());
        for dictionary in [&learnt, &plain] {
            for value in [&samples[3][..], b"", b"\0\xff"] {
                let packed = dictionary.pack(value).unwrap();
                let mut rest = packed.as_slice();
                assert_eq!(varint::take(&mut rest), Some(dictionary.number as u64));
                let length = varint::take(&mut rest).unwrap() as usize;
                assert_eq!(dictionary.unpack(rest, length, 0).unwrap(), value);
                assert_eq!(dictionary.unpack(rest, length, 30).unwrap(), value);
            }
        }
        let size = |d: &Dictionary| d.pack(&samples[5]).unwrap().len();
        assert!(size(&learnt) * 2 < size(&plain));
        assert!(learnt.unpack(b"nonsense", 10, 0).is_err());
        assert_eq!(learn(&[b"a".to_vec()]), None);
    }
}
