//! Files of lines, packed or not: read line by line in bounded memory, written in pieces that can be gone on with.
//!
//! A file says by its first bytes how it is packed. Both packings may be written as several pieces one after the other,
//! which is how an export that was interrupted goes on where it stopped.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
}

impl Packing {
    /// By the end of a file's name: `.gz`, `.zst`, or anything else.
    pub fn of_name(path: &Path) -> Self {
        match path.extension().and_then(|end| end.to_str()) {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::Plain,
        }
    }
    /// By a file's first bytes.
    fn of_bytes(bytes: &[u8]) -> Self {
        match bytes {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// The most that a packed file may ask to look back over, as a power of two: 128 MiB, which is what `zstd` allows as well.
const WINDOW: u32 = 27;

/// Why lines cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// A line is longer than is read. A packed file of a few bytes can hold one that fills the memory.
    #[error("line {line} has more than {limit} bytes")]
    TooLong {
        /// Which.
        line: u64,
        /// The most.
        limit: usize,
    },
    /// The file cannot be read or unpacked.
    #[error("after line {line}: {source}")]
    Unreadable {
        /// The last that could be read.
        line: u64,
        /// Why.
        source: io::Error,
    },
}

/// Counts what is read of the file itself, for showing how far it is.
struct Counting<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// The lines of a file.
pub struct Lines {
    reader: Box<dyn BufRead + Send>,
    limit: usize,
    line: u64,
    count: Arc<AtomicU64>,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("line", &self.line).field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Lines {
    /// Begins to read; a line may have at most `limit` bytes.
    ///
    /// # Errors
    /// Where the first bytes cannot be read.
    pub fn new(source: impl Read + Send + 'static, limit: usize) -> io::Result<Self> {
        let count = Arc::new(AtomicU64::new(0));
        let mut plain = BufReader::with_capacity(256 << 10, Counting { inner: source, count: count.clone() });
        let reader: Box<dyn BufRead + Send> = match Packing::of_bytes(plain.fill_buf()?) {
            Packing::Plain => Box::new(plain),
            Packing::Gzip => Box::new(BufReader::with_capacity(256 << 10, MultiGzDecoder::new(plain))),
            Packing::Zstd => {
                let mut unpacked = zstd::stream::read::Decoder::with_buffer(plain)?;
                unpacked.window_log_max(WINDOW)?;
                Box::new(BufReader::with_capacity(256 << 10, unpacked))
            }
        };
        Ok(Self { reader, limit, line: 0, count })
    }

    /// How many bytes of the file were read so far; a little more than was given.
    pub fn read_so_far(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The number of the line that was given last; the first is 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next line without its end into `into`, which is emptied first. `Ok(false)` where there is none.
    ///
    /// # Errors
    /// [`Broken`]; reading on after that makes no sense.
    pub fn next(&mut self, into: &mut Vec<u8>) -> Result<bool, Broken> {
        into.clear();
        let unreadable = |line, source| Broken::Unreadable { line, source };
        let most = self.limit as u64 + 2;
        let n = (&mut self.reader)
            .take(most)
            .read_until(b'\n', into)
            .map_err(|source| unreadable(self.line, source))?;
        if n == 0 {
            return Ok(false);
        }
        self.line += 1;
        if into.last() == Some(&b'\n') {
            into.pop();
            if into.last() == Some(&b'\r') {
                into.pop();
            }
        }
        if into.len() > self.limit {
            return Err(Broken::TooLong { line: self.line, limit: self.limit });
        }
        Ok(true)
    }
}

/// One piece of a file that is being written.
enum Piece {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<File>>),
}

/// Appends one piece of lines to a file and gives the file's length after it.
///
/// # Errors
/// Where the file cannot be written; what was appended so far is then to be cut off again.
pub fn append(file: File, packing: Packing, lines: &[String]) -> io::Result<u64> {
    let out = BufWriter::with_capacity(256 << 10, file);
    let mut piece = match packing {
        Packing::Plain => Piece::Plain(out),
        Packing::Gzip => Piece::Gzip(GzEncoder::new(out, flate2::Compression::default())),
        Packing::Zstd => Piece::Zstd(zstd::stream::write::Encoder::new(out, 3)?),
    };
    {
        let writer: &mut dyn Write = match &mut piece {
            Piece::Plain(w) => w,
            Piece::Gzip(w) => w,
            Piece::Zstd(w) => w,
        };
        for line in lines {
            writer.write_all(line.as_bytes())?;
            writer.write_all(b"\n")?;
        }
    }
    let out = match piece {
        Piece::Plain(w) => w,
        Piece::Gzip(w) => w.finish()?,
        Piece::Zstd(w) => w.finish()?,
    };
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_data()?;
    Ok(file.metadata()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(source: impl Read + Send + 'static, limit: usize) -> Result<Vec<String>, Broken> {
        let mut lines = Lines::new(source, limit).unwrap();
        let (mut line, mut found) = (Vec::new(), Vec::new());
        while lines.next(&mut line)? {
            found.push(String::from_utf8_lossy(&line).into_owned());
        }
        Ok(found)
    }

    fn gz(text: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn packed_or_not_the_lines_are_the_same() {
        let text = b"{\"a\":1}\r\n{\"b\":2}\n\n{\"c\":3}";
        let want = ["{\"a\":1}", "{\"b\":2}", "", "{\"c\":3}"];
        assert_eq!(all(&text[..], 100).unwrap(), want);
        assert_eq!(all(io::Cursor::new(gz(text)), 100).unwrap(), want);
        assert_eq!(all(io::Cursor::new(zstd::encode_all(&text[..], 1).unwrap()), 100).unwrap(), want);
        // In two pieces.
        let two: Vec<u8> = [gz(b"one\n"), gz(b"two\n")].concat();
        assert_eq!(all(io::Cursor::new(two), 100).unwrap(), ["one", "two"]);
    }

    #[test]
    fn a_bomb_is_refused_in_bounded_memory() {
        let bomb = gz(&vec![b'a'; 50 << 20]);
        assert!(bomb.len() < 300 << 10);
        assert!(matches!(all(io::Cursor::new(bomb), 1 << 20), Err(Broken::TooLong { line: 1, .. })));
        let bomb = zstd::encode_all(&vec![b' '; 50 << 20][..], 1).unwrap();
        assert!(matches!(all(io::Cursor::new(bomb), 1 << 20), Err(Broken::TooLong { line: 1, .. })));
    }

    #[test]
    fn what_is_cut_short_is_said() {
        let mut short = gz(b"one\ntwo\n");
        short.truncate(short.len() - 6);
        assert!(matches!(all(io::Cursor::new(short), 100), Err(Broken::Unreadable { .. })));
    }

    #[test]
    fn pieces_make_one_file() {
        let folder = testing_folder();
        for (name, packing) in [("a", Packing::Plain), ("a.gz", Packing::Gzip), ("a.zst", Packing::Zstd)] {
            let path = folder.join(name);
            assert_eq!(Packing::of_name(&path), packing);
            let open = || File::options().append(true).create(true).open(&path).unwrap();
            let first = append(open(), packing, &["one".into()]).unwrap();
            let second = append(open(), packing, &["two".into(), "three".into()]).unwrap();
            assert!(second > first);
            assert_eq!(all(File::open(&path).unwrap(), 100).unwrap(), ["one", "two", "three"]);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    fn testing_folder() -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("throughline-lines-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        folder
    }
}
