//! Mail in: a mail server on this machine or network hands over what came for our addresses, by LMTP (RFC 2033).
//!
//! LMTP and not SMTP, because it answers for each receiver apart and keeps no queue: what we do not take stays with the
//! mail server, which tells its sender or tries again. It knows nothing of whom mail is for; that is the caller's part.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// How mail is taken.
#[derive(Debug, Clone)]
pub struct Config {
    /// The name we greet with.
    pub hello: String,
    /// The most bytes of a message.
    pub most: usize,
    /// For one command, and for one piece of a message.
    pub timeout: Duration,
}

/// The most bytes of a line of commands.
const LINE: u64 = 2048;
/// The most receivers of one message.
const RECEIVERS: usize = 50;
/// The most connections at once; a mail server waits for its turn.
const CONNECTIONS: usize = 20;

/// A message for one of its receivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Who sent it, as the envelope says; empty for what was returned.
    pub from: String,
    /// For whom, as the envelope says.
    pub to: String,
    /// The message.
    pub data: Arc<Vec<u8>>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Taken, or rightly thrown away.
    Taken,
    /// Never: the mail server tells the sender these words.
    Refused(String),
    /// Not now: the mail server tries again.
    Later(String),
}

impl Verdict {
    /// The reply line (RFC 3463 for the middle part).
    fn line(&self) -> String {
        let plain = |words: &str| -> String {
            let ascii = words.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' });
            ascii.take(400).collect()
        };
        match self {
            Verdict::Taken => "250 2.1.5 taken\r\n".into(),
            Verdict::Refused(words) => format!("550 5.7.1 {}\r\n", plain(words)),
            Verdict::Later(words) => format!("451 4.3.0 {}\r\n", plain(words)),
        }
    }
}

/// Takes mail until the future is dropped. `judge` says what becomes of each message for each of its receivers.
pub async fn serve<J, F>(listener: TcpListener, config: Config, judge: J)
where
    J: Fn(Arrived) -> F + Clone + Send + 'static,
    F: Future<Output = Verdict> + Send,
{
    let seats = Arc::new(Semaphore::new(CONNECTIONS));
    let mut open = tokio::task::JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        let Ok(seat) = seats.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        let (config, judge) = (config.clone(), judge.clone());
        open.spawn(async move {
            // A line that breaks is the mail server's to mend: nothing was promised.
            let _ = talk(stream, &config, judge).await;
            drop(seat);
        });
    }
}

enum Said {
    Line(String),
    TooLong,
    End,
}

async fn line(reader: &mut BufReader<TcpStream>, within: Duration) -> std::io::Result<Said> {
    let mut bytes = Vec::new();
    let mut limited = (&mut *reader).take(LINE);
    let read = tokio::time::timeout(within, limited.read_until(b'\n', &mut bytes));
    match read.await {
        Err(_) | Ok(Ok(0)) => Ok(Said::End),
        Ok(Err(error)) => Err(error),
        Ok(Ok(_)) if !bytes.ends_with(b"\n") => Ok(Said::TooLong),
        Ok(Ok(_)) => Ok(Said::Line(String::from_utf8_lossy(&bytes).trim_end().to_owned())),
    }
}

/// The address between angle brackets after `FROM:` or `TO:`.
fn path<'a>(rest: &'a str, word: &str) -> Option<&'a str> {
    let head = rest.get(..word.len())?;
    let rest = head.eq_ignore_ascii_case(word).then(|| rest[word.len()..].trim_start())?;
    rest.strip_prefix('<')?.split_once('>').map(|(address, _)| address)
}

async fn talk<J, F>(stream: TcpStream, config: &Config, judge: J) -> std::io::Result<()>
where
    J: Fn(Arrived) -> F,
    F: Future<Output = Verdict>,
{
    let mut reader = BufReader::new(stream);
    macro_rules! say {
        ($($text:tt)*) => { reader.get_mut().write_all(format!($($text)*).as_bytes()).await? };
    }
    say!("220 {} LMTP Throughline\r\n", config.hello);
    let (mut greeted, mut from, mut to) = (false, None::<String>, Vec::<String>::new());
    loop {
        let command = match line(&mut reader, config.timeout).await? {
            Said::Line(command) => command,
            Said::TooLong => {
                say!("500 5.5.2 this line is too long\r\n");
                return Ok(());
            }
            Said::End => return Ok(()),
        };
        let (verb, rest) = command.split_once(' ').unwrap_or((&command, ""));
        match verb.to_ascii_uppercase().as_str() {
            "LHLO" => {
                greeted = true;
                (from, to) = (None, Vec::new());
                say!(
                    "250-{}\r\n250-SIZE {}\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES\r\n",
                    config.hello,
                    config.most
                );
            }
            "MAIL" if greeted && from.is_none() => match path(rest.trim_start(), "FROM:") {
                Some(address) => {
                    let size = rest.split_whitespace().find_map(|p| {
                        let (name, value) = p.split_once('=')?;
                        name.eq_ignore_ascii_case("size").then(|| value.parse::<usize>().ok()).flatten()
                    });
                    if size.is_some_and(|s| s > config.most) {
                        say!("552 5.3.4 {}\r\n", too_large(config.most));
                    } else {
                        from = Some(address.to_owned());
                        say!("250 2.1.0 ok\r\n");
                    }
                }
                None => say!("501 5.5.4 write MAIL FROM:<address>\r\n"),
            },
            "RCPT" if from.is_some() => match path(rest.trim_start(), "TO:") {
                Some(_) if to.len() == RECEIVERS => say!("452 4.5.3 at most {RECEIVERS} at a time\r\n"),
                Some(address) => {
                    to.push(address.to_owned());
                    say!("250 2.1.5 ok\r\n");
                }
                None => say!("501 5.5.4 write RCPT TO:<address>\r\n"),
            },
            "DATA" if !to.is_empty() => {
                say!("354 end with a full stop on its own line\r\n");
                let Some(data) = message(&mut reader, config).await? else { return Ok(()) };
                let from = from.take().unwrap_or_default();
                match data {
                    Ok(data) => {
                        let data = Arc::new(data);
                        for to in std::mem::take(&mut to) {
                            let arrived = Arrived { from: from.clone(), to, data: data.clone() };
                            let verdict = judge(arrived).await;
                            say!("{}", verdict.line());
                        }
                    }
                    Err(TooLarge) => {
                        for _ in std::mem::take(&mut to) {
                            say!("552 5.3.4 {}\r\n", too_large(config.most));
                        }
                    }
                }
            }
            "RSET" => {
                (from, to) = (None, Vec::new());
                say!("250 2.0.0 ok\r\n");
            }
            "NOOP" => say!("250 2.0.0 ok\r\n"),
            "VRFY" => say!("252 2.1.5 send it and see\r\n"),
            "QUIT" => {
                say!("221 2.0.0 goodbye\r\n");
                return Ok(());
            }
            "HELO" | "EHLO" => say!("500 5.5.1 this is LMTP: say LHLO\r\n"),
            "MAIL" | "RCPT" | "DATA" => {
                say!("503 5.5.1 not now: LHLO, MAIL, RCPT and DATA come in this order\r\n")
            }
            _ => say!("500 5.5.1 not known\r\n"),
        }
    }
}

fn too_large(most: usize) -> String {
    format!("a reply may have at most {} KiB; leave out attachments", most >> 10)
}

struct TooLarge;

/// Reads a message to its full stop, which is told from a doubled one (RFC 5321, section 4.5.2). One that is too large is
/// read to its end and thrown away, so that the conversation can go on. `None` where the line ended before.
async fn message(
    reader: &mut BufReader<TcpStream>,
    config: &Config,
) -> std::io::Result<Option<Result<Vec<u8>, TooLarge>>> {
    let (mut data, mut fits, mut read) = (Vec::new(), true, 0_usize);
    let mut piece = Vec::new();
    let mut at_start = true;
    loop {
        piece.clear();
        let mut limited = (&mut *reader).take(64 << 10);
        match tokio::time::timeout(config.timeout, limited.read_until(b'\n', &mut piece)).await {
            Err(_) | Ok(Ok(0)) => return Ok(None),
            Ok(Err(error)) => return Err(error),
            Ok(Ok(n)) => read += n,
        }
        if at_start && (piece == b".\r\n" || piece == b".\n") {
            return Ok(Some(if fits { Ok(data) } else { Err(TooLarge) }));
        }
        let unstuffed = if at_start && piece.starts_with(b"..") { &piece[1..] } else { &piece[..] };
        at_start = piece.ends_with(b"\n");
        if data.len() + unstuffed.len() > config.most {
            (fits, data) = (false, Vec::new());
        }
        // Nobody sends a hundred times what was named as the most.
        if read > config.most.saturating_mul(100) {
            return Ok(None);
        }
        if fits {
            data.extend_from_slice(unstuffed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn conversation(lines: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config { hello: "t.example".into(), most: 1000, timeout: Duration::from_secs(5) };
        let judge = |a: Arrived| async move {
            match a.to.as_str() {
                "no@t.example" => Verdict::Refused("nobody here".into()),
                "later@t.example" => Verdict::Later("busy".into()),
                _ => {
                    assert_eq!(a.from, "maya@t.example");
                    assert_eq!(a.data.as_slice(), b"Subject: x\r\n\r\n.dot\r\nend\r\n");
                    Verdict::Taken
                }
            }
        };
        let serving = tokio::spawn(serve(listener, config, judge));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(lines.replace('\n', "\r\n").as_bytes()).await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        serving.abort();
        said.lines().map(|l| l.get(..3).unwrap_or_default().to_owned()).collect::<Vec<_>>().join(" ")
    }

    #[tokio::test]
    async fn each_receiver_gets_an_answer_of_its_own() {
        let said = conversation(
            "LHLO mx.example\nMAIL FROM:<maya@t.example> SIZE=30\nRCPT TO:<yes@t.example>\nRCPT TO:<no@t.example>\nRCPT TO:<later@t.example>\nDATA\nSubject: x\n\n..dot\nend\n.\nQUIT\n",
        )
        .await;
        assert_eq!(said, "220 250 250 250 250 250 250 250 250 250 354 250 550 451 221");
    }

    #[tokio::test]
    async fn what_is_out_of_order_or_too_large_is_refused_and_the_talk_goes_on() {
        let large = "x".repeat(90) + "\n";
        let large = large.repeat(20);
        let said = conversation(&format!(
            "EHLO x\nMAIL FROM:<a@b>\nLHLO x\nRCPT TO:<a@b>\nDATA\nMAIL FROM:<a@b> SIZE=5000\nMAIL a@b\nMAIL FROM:<a@b>\nRCPT TO:<a@b>\nDATA\n{large}.\nNOOP\nJUMP\nQUIT\n"
        ))
        .await;
        assert_eq!(said, "220 500 503 250 250 250 250 250 503 503 552 501 250 250 354 552 250 500 221");
    }
}
