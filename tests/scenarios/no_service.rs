//! An hour in which no service can be reached: nobody listens where they should be. And services
//! that are there and answer a byte a second.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use neurocards::clock::MINUTE;
use neurocards::sandbox::faults::{Action, Service};

use crate::{Appliance, OWN, Setup, UGC};

/// A way to a service that can be closed: then its port refuses.
struct Gate {
    port: SocketAddr,
    to: Arc<OnceLock<String>>,
    inside: Mutex<Option<Inside>>,
}

#[derive(Clone, Default)]
struct Inside {
    closed: Arc<AtomicBool>,
    lines: Arc<Mutex<Vec<TcpStream>>>,
}

impl Gate {
    fn new() -> Self {
        // Where nobody else takes the port while it is closed.
        let listener = TcpListener::bind("127.0.0.2:0").unwrap();
        let port = listener.local_addr().unwrap();
        let gate = Self { port, to: Arc::default(), inside: Mutex::default() };
        gate.serves(listener);
        gate
    }

    fn url(&self) -> String {
        format!("http://{}", self.port)
    }

    fn leads_to(&self, url: &str) {
        let host = url.trim_start_matches("http://").split('/').next().unwrap();
        self.to.set(host.to_owned()).unwrap();
    }

    fn opens(&self) {
        self.serves(TcpListener::bind(self.port).unwrap());
    }

    fn serves(&self, listener: TcpListener) {
        let (inside, to) = (Inside::default(), Arc::clone(&self.to));
        *self.inside.lock().unwrap() = Some(inside.clone());
        std::thread::spawn(move || {
            for line in listener.incoming() {
                if inside.closed.load(Ordering::SeqCst) {
                    return;
                }
                let (line, on) = (line.unwrap(), TcpStream::connect(to.get().unwrap()).unwrap());
                for (from, to) in [(&line, &on), (&on, &line)] {
                    inside.lines.lock().unwrap().push(from.try_clone().unwrap());
                    pumps(from.try_clone().unwrap(), to.try_clone().unwrap());
                }
            }
        });
    }

    fn closes(&self) {
        let inside = self.inside.lock().unwrap().take().unwrap();
        inside.closed.store(true, Ordering::SeqCst);
        // It waits for a caller.
        drop(TcpStream::connect(self.port));
        for line in inside.lines.lock().unwrap().drain(..) {
            // The other end may have hung up before.
            let _ = line.shutdown(Shutdown::Both);
        }
    }
}

fn pumps(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let mut chunk = [0; 16_384];
        while let Ok(got @ 1..) = from.read(&mut chunk) {
            if to.write_all(&chunk[..got]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

#[test]
fn an_hour_without_any_service_costs_no_attempt_and_no_order() {
    let gates = [Gate::new(), Gate::new(), Gate::new()];
    let [telegram, kie, openai] = &gates;
    // An hour takes two seconds.
    let shop = Setup::new()
        .rate(1_800.0)
        .env("TELEGRAM_API_URL", &telegram.url())
        .env("KIE_API_URL", &kie.url())
        .env("KIE_UPLOAD_URL", &kie.url())
        .env("OPENAI_BASE_URL", &format!("{}/v1", openai.url()))
        .stopped();
    telegram.leads_to(&shop.sandbox().telegram_url());
    kie.leads_to(&shop.sandbox().kie_url());
    openai.leads_to(&shop.sandbox().openai_url());
    shop.start_again();
    let ann = shop.customer(7).with_credits(4);
    let renders = ann.orders(1, OWN);
    shop.waits_until("SELECT COUNT(*) = 1 FROM jobs WHERE kie_task_id IS NOT NULL");
    // A submit that is cut off would count as lost.
    shop.commands(&["pause", "--submitting"]);
    let waits = ann.orders(3, UGC);
    // A press is answered at once or, after an hour, not at all.
    shop.waits_for("the answer to ✅", || {
        shop.sandbox().telegram().unanswered_callbacks().is_empty().then_some(())
    });
    gates.iter().for_each(Gate::closes);
    shop.commands(&["resume"]);
    let before = String::from_utf8_lossy(&shop.printed()).lines().count();
    shop.sandbox().telegram().wait(Duration::from_secs(2), |_| None::<()>);
    let lines = String::from_utf8_lossy(&shop.printed()).lines().count() - before;
    assert!(lines < 120, "{lines} lines: a flood");
    let tries: i64 = shop.value("SELECT COUNT(*) FROM events WHERE what = 'trouble'");
    assert!(tries < 4 * 90, "{tries} tries: more than one a minute and video");
    let ended: i64 = shop.value("SELECT COUNT(*) FROM jobs WHERE status IN ('failed', 'canceled')");
    assert_eq!(ended, 0);
    gates.iter().for_each(Gate::opens);
    renders.arrives();
    waits.arrives();
    let most: i64 = shop.value("SELECT MAX(attempts) FROM jobs");
    assert_eq!((shop.sandbox().kie().submits(), most, ann.credits()), (4, 1, 0));
}

#[test]
fn a_service_that_answers_a_byte_a_second_is_given_up_in_time_and_holds_up_nobody_else() {
    let shop = Appliance::new();
    let faults = shop.sandbox().faults();
    // A minute is a real second.
    let drips: Vec<_> = [
        (Service::OpenAi, "chat/completions"),
        (Service::Kie, "file-stream-upload"),
        (Service::Kie, "recordInfo"),
        (Service::Kie, "credit"),
        (Service::Telegram, "editMessageText"),
    ]
    .into_iter()
    .map(|(service, path)| faults.on(service, path).nth(1).does(Action::Drip(MINUTE)))
    .collect();
    let ann = shop.customer(7).with_credits(1);
    let bob = shop.customer(8).with_credits(1);
    let slow = ann.orders(1, UGC);
    let quick = bob.orders(1, OWN);
    quick.arrives();
    slow.arrives();
    let dripped = drips.iter().filter(|drip| shop.sandbox().faults().hits(**drip) == 1).count();
    assert!(dripped >= 4, "{dripped} of {} dripped", drips.len());
    let most: i64 = shop.value("SELECT MAX(attempts) FROM jobs");
    assert_eq!((shop.sandbox().kie().submits(), most), (2, 1), "no submit dripped");
    assert_eq!((ann.credits(), bob.credits()), (0, 0));
}
