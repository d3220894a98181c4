//! The accept loop: sockets in, requests to the routes, until it is told to stop.
//!
//! Our own loop on hyper, because every wait for the other side needs an end: the first byte, the head of a request,
//! each piece of its body. One connection counts against a cap from accept to close.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use app::App;
use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Sleep, sleep};

use crate::{Server, door, routes};

/// What the one who runs the server may set about the front door.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many connections may be open at once; more wait in the kernel's queue.
    pub connections: usize,
    /// How long a new connection may stay silent.
    pub first_byte: Duration,
    /// How long the head of a request may take, and how long a kept connection may be idle.
    pub head: Duration,
    /// How long may pass between two pieces of a body.
    pub body_idle: Duration,
    /// How long a whole body may take.
    pub body_total: Duration,
    /// How long open requests may go on after the order to stop.
    pub grace: Duration,
    /// Proxies whose `X-Forwarded-For` is believed. Empty: nobody's is.
    pub proxies: Vec<IpAddr>,
    /// How often an open live stream asks whether its session still holds.
    pub live_check: Duration,
    /// The version of xAPI that `/xapi` expects of a request that names none.
    pub xapi_version: xapi::Version,
    /// Sites whose scripts may use `/xapi`, each as scheme, host and port. Empty: none.
    pub xapi_origins: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: 4096,
            first_byte: Duration::from_secs(20),
            head: Duration::from_secs(30),
            body_idle: Duration::from_secs(20),
            body_total: Duration::from_secs(300),
            grace: Duration::from_secs(5),
            proxies: Vec::new(),
            live_check: Duration::from_secs(4),
            xapi_version: xapi::Version::V1_0_3,
            xapi_origins: Vec::new(),
        }
    }
}

/// Answers on a socket until `stop` is ready, then lets open requests end within [`Options::grace`].
///
/// # Errors
/// When the listening socket itself fails; a single connection never ends the server.
pub async fn serve(
    app: App,
    listener: TcpListener,
    options: Options,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let seats = Arc::new(Semaphore::new(options.connections.clamp(1, Semaphore::MAX_PERMITS)));
    let grace = options.grace;
    let (stopping, told) = watch::channel(false);
    let server = Server::new(app, options, told);
    let router = routes::router(&server);
    let open = GracefulShutdown::new();
    let mut stop = pin!(stop);
    let result = loop {
        let seat = tokio::select! {
            () = &mut stop => break Ok(()),
            seat = Arc::clone(&seats).acquire_owned() => seat,
        };
        let (stream, peer) = tokio::select! {
            () = &mut stop => break Ok(()),
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Out of file descriptors, or the caller left already: wait a little rather than spin.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let (server, router, watcher) = (server.clone(), router.clone(), open.watcher());
        tokio::spawn(async move {
            let _seat = seat;
            connection(server, router, stream, peer, watcher).await;
        });
    };
    drop(listener);
    // Live streams hear it and end; the others finish what they are at.
    let _ = stopping.send(true);
    tokio::select! {
        () = open.shutdown() => {}
        () = sleep(grace) => tracing::info!("stopped with requests still open"),
    }
    result
}

/// What the first bytes say is spoken.
enum Protocol {
    Http1,
    Http2,
}

/// Looks at the first bytes without taking them. `PRI` starts HTTP/2's preface and no HTTP/1 request.
async fn peek(stream: &TcpStream) -> io::Result<Option<Protocol>> {
    const PREFACE: &[u8] = b"PRI ";
    let mut first = [0; PREFACE.len()];
    loop {
        let n = stream.peek(&mut first).await?;
        if n == 0 {
            return Ok(None);
        }
        if first[..n] != PREFACE[..n] {
            return Ok(Some(Protocol::Http1));
        }
        if n == PREFACE.len() {
            return Ok(Some(Protocol::Http2));
        }
        // A peek is ready again at once with the same bytes.
        sleep(Duration::from_millis(10)).await;
    }
}

async fn connection(
    server: Server,
    router: axum::Router,
    stream: TcpStream,
    peer: SocketAddr,
    watcher: Watcher,
) {
    let options = Arc::clone(&server.options);
    let protocol = match tokio::time::timeout(options.first_byte, peek(&stream)).await {
        Ok(Ok(Some(protocol))) => protocol,
        Ok(Ok(None) | Err(_)) | Err(_) => return,
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let service = {
        let options = Arc::clone(&options);
        service_fn(move |request: hyper::Request<Incoming>| {
            let request = request.map(|body| guard_body(body, &options));
            let answer = door::answer(server.clone(), router.clone(), peer.ip(), request);
            async move { Ok::<_, std::convert::Infallible>(answer.await) }
        })
    };
    let io = TokioIo::new(stream);
    let result = match protocol {
        Protocol::Http1 => {
            let mut http = hyper::server::conn::http1::Builder::new();
            http.timer(TokioTimer::new())
                .header_read_timeout(options.head)
                .max_headers(100)
                .max_buf_size(64 * 1024);
            watcher.watch(http.serve_connection(io, service)).await
        }
        Protocol::Http2 => {
            let mut http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            http.timer(TokioTimer::new())
                .keep_alive_interval(options.head)
                .keep_alive_timeout(options.first_byte)
                .max_concurrent_streams(100)
                .max_header_list_size(64 * 1024);
            watcher.watch(http.serve_connection(io, service)).await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// A body that may not dawdle.
struct Guarded {
    inner: Incoming,
    pause: Duration,
    until: tokio::time::Instant,
    timer: Pin<Box<Sleep>>,
}

/// The other side stopped sending.
#[derive(Debug, thiserror::Error)]
#[error("the body did not arrive in time")]
pub(crate) struct Dawdled;

fn guard_body(inner: Incoming, options: &Options) -> Body {
    if inner.is_end_stream() {
        return Body::empty();
    }
    let until = tokio::time::Instant::now() + options.body_total;
    let timer = Box::pin(sleep(options.body_idle));
    Body::new(Guarded { inner, pause: options.body_idle, until, timer })
}

impl hyper::body::Body for Guarded {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            let next = (tokio::time::Instant::now() + self.pause).min(self.until);
            self.timer.as_mut().reset(next);
            return Poll::Ready(frame.map(|f| f.map_err(Into::into)));
        }
        match self.timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(Box::new(Dawdled)))),
            Poll::Pending => Poll::Pending,
        }
    }
    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
