//! The sockets: a listener whose lines can be cut in the middle of a request, and the way of
//! every request through the faults.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_util::io::ReaderStream;

use super::Far;
use super::call::{Call, Reply};
use super::faults::{Action, Moment, Pulled, Seen, Service};

/// No request may be larger; Telegram itself takes 50 MB files.
const LARGEST_BODY: usize = 64 << 20;

/// Serves one of the services for as long as the runtime lives.
pub(super) fn serve(service: Service, socket: TcpListener, far: &Arc<Far>) -> io::Result<()> {
    let listener = Lines(tokio::net::TcpListener::from_std(socket)?, Arc::clone(&far.lines));
    let router = Router::new()
        .fallback(handle)
        .layer(DefaultBodyLimit::disable())
        .with_state((service, far.clone()));
    let make = router.into_make_service_with_connect_info::<Scissors>();
    tokio::spawn(async move {
        // It never ends but with the runtime.
        let _ = axum::serve(listener, make).await;
    });
    Ok(())
}

async fn handle(
    State((service, far)): State<(Service, Arc<Far>)>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    if let Some(pause) = far.faults.reading(service, head.uri.path()) {
        scissors.slow(far.options.clock.real_span(pause));
    }
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return answer(Reply::html(413, "413 Request Entity Too Large"), Pace::AtOnce);
    };
    let call = Call::read(&head, body).await;
    match respond(service, &far, call).await {
        Some((reply, pace)) => answer(reply, pace),
        None => {
            scissors.cut();
            Response::new(Body::empty())
        }
    }
}

/// How an answer goes out.
#[derive(Clone, Copy)]
enum Pace {
    AtOnce,
    /// The pause before each byte.
    Drip(Duration),
    Endless,
    /// So many bytes a second.
    Rate(u64),
}

/// `None` cuts the line without an answer.
async fn respond(service: Service, far: &Far, call: Call) -> Option<(Reply, Pace)> {
    let seen = far.faults.seen(service, &call, far.options.clock.now());
    if far.faults.tell(Moment::Before, &seen) == Pulled::Out {
        return None;
    }
    let reply = effect(service, far, &call, &seen).await?;
    let whole = far.faults.tell(Moment::After, &seen) == Pulled::No;
    reply.filter(|_| whole)
}

/// What the request does and what is answered: `None` where the line is cut before it does
/// anything, `Some(None)` where that happens instead of the answer.
async fn effect(
    service: Service,
    far: &Far,
    call: &Call,
    seen: &Seen,
) -> Option<Option<(Reply, Pace)>> {
    let mut lost = false;
    let mut render = None;
    let mut pace = Pace::AtOnce;
    let at_once = |reply| Some(Some((reply, Pace::AtOnce)));
    match far.faults.pick(seen) {
        None => {}
        Some(Action::Status(status, body)) => {
            return at_once(Reply { status, content_type: "application/json", body: body.into() });
        }
        Some(Action::Envelope(code, msg)) => return at_once(super::kie::envelope(code, &msg)),
        Some(Action::Html(status)) => {
            return at_once(Reply::html(status, &format!("{status} Error")));
        }
        Some(Action::BrokenJson) => {
            let body = "{\"code\":200,\"ok\":true,\"data\":{\"tas".into();
            return at_once(Reply { status: 200, content_type: "application/json", body });
        }
        Some(Action::Hang(ms)) => {
            tokio::time::sleep(far.options.clock.real_span(ms)).await;
            return None;
        }
        Some(Action::Slow(ms)) => tokio::time::sleep(far.options.clock.real_span(ms)).await,
        Some(Action::DropBefore) => return None,
        Some(Action::DropAfter) => lost = true,
        Some(Action::Render(fate)) => render = Some(fate),
        Some(Action::Drip(ms)) => pace = Pace::Drip(far.options.clock.real_span(ms)),
        Some(Action::Endless) => pace = Pace::Endless,
        // It has struck already, while the request was read.
        Some(Action::SlowRead(_)) => {}
    }
    let reply = match service {
        Service::Telegram => far.telegram.handle(call).await,
        Service::Kie => far.kie.handle(call, render).await,
        Service::OpenAi => far.openai.handle(call).await,
    };
    if let (Pace::AtOnce, Some(rate)) = (pace, reply.paced_by(far.options.download_rate)) {
        pace = Pace::Rate(rate);
    }
    Some((!lost).then_some((reply, pace)))
}

fn answer(reply: Reply, pace: Pace) -> Response<Body> {
    let built = Response::builder().status(reply.status).header("content-type", reply.content_type);
    let built = match pace {
        Pace::AtOnce => built.body(Body::from(reply.body)),
        Pace::Rate(rate) => {
            let built = built.header("content-length", reply.body.len());
            let slow = Trickle::of(reply.body, rate);
            built.body(Body::from_stream(ReaderStream::with_capacity(slow, PIECE)))
        }
        pace => built.body(paced(reply.body, pace)),
    };
    built.unwrap_or_default()
}

/// A file on a slow line is sent in such pieces, in bytes.
const PIECE: usize = 64 << 10;

/// A file on a slow line.
struct Trickle {
    rest: axum::body::Bytes,
    /// How long a piece takes.
    every: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl Trickle {
    fn of(rest: axum::body::Bytes, rate: u64) -> Self {
        let every = Duration::from_secs_f64(PIECE as f64 / rate.max(1) as f64);
        Self { rest, every, sleep: Box::pin(tokio::time::sleep(every)) }
    }
}

impl AsyncRead for Trickle {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.rest.is_empty() {
            ready!(self.sleep.as_mut().poll(cx));
            // After the last turn, not after now: a thread that was late makes up for it.
            let next = self.sleep.deadline() + self.every;
            self.sleep.as_mut().reset(next);
        }
        let piece = self.rest.len().min(PIECE).min(buf.remaining());
        buf.put_slice(&self.rest.split_to(piece));
        Poll::Ready(Ok(()))
    }
}

fn paced(bytes: axum::body::Bytes, pace: Pace) -> Body {
    let (mut pen, reader) = tokio::io::duplex(64 << 10);
    tokio::spawn(async move {
        match pace {
            Pace::Drip(pause) => {
                for byte in &bytes {
                    tokio::time::sleep(pause).await;
                    if pen.write_all(&[*byte]).await.is_err() {
                        return;
                    }
                }
            }
            // Until nobody reads any more.
            _ => while pen.write_all(&bytes).await.is_ok() {},
        }
    });
    Body::from_stream(ReaderStream::new(reader))
}

/// Accepts connections that can be cut, and counts those that are open.
struct Lines(tokio::net::TcpListener, Arc<AtomicUsize>);

/// A connection; once its scissors have cut, nothing is written any more and it closes.
struct Line {
    stream: TcpStream,
    scissors: Scissors,
    /// Before the next byte is read, on a slow one.
    pause: Option<Pin<Box<Sleep>>>,
    open: Arc<AtomicUsize>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Clone, Default)]
struct Scissors(Arc<Cuts>);

#[derive(Default)]
struct Cuts {
    cut: AtomicBool,
    /// Microseconds before each byte that is read; 0: read as it comes.
    pause: AtomicU64,
}

impl Scissors {
    fn cut(&self) {
        self.0.cut.store(true, Ordering::SeqCst);
    }

    /// From here on each byte that is read takes so long.
    fn slow(&self, pause: Duration) {
        self.0.pause.store(pause.as_micros().max(1) as u64, Ordering::SeqCst);
    }
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, from) = Listener::accept(&mut self.0).await;
        // Small answers must not wait for the peer's acknowledgement.
        let _ = stream.set_nodelay(true);
        self.1.fetch_add(1, Ordering::SeqCst);
        let open = Arc::clone(&self.1);
        (Line { stream, scissors: Scissors::default(), pause: None, open }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Lines>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().scissors.clone()
    }
}

impl Line {
    fn whole(&self) -> io::Result<()> {
        let cut = self.scissors.0.cut.load(Ordering::SeqCst);
        if cut { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let pause = self.scissors.0.pause.load(Ordering::SeqCst);
        if pause == 0 {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let sleep = || Box::pin(tokio::time::sleep(Duration::from_micros(pause)));
        ready!(self.pause.get_or_insert_with(sleep).as_mut().poll(cx));
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut one))?;
        self.pause = None;
        buf.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
