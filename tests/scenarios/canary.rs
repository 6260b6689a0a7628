//! The canary run: marked secrets go through everything that the program does, services repeat
//! them wherever they can, and then every byte that it left behind is searched.

use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use neurocards::clock::MINUTE;
use neurocards::sandbox::faults::{Action, Seen, Service};

use crate::terminal::Key;
use crate::{Appliance, OWN, Setup, UGC, secrets};

const BOT: &str = "CANARYbQ7xT2mV9kL4wZ8cR3nF6hJ1sD5gP";
const KIE: [&str; 2] = ["canary-kie-Xw83kQpz71LmVt", "canary-kie-Yr52jNbc40GhKs"];
const OPENAI: &str = "sk-canaryOe64uRfd97WqTi";
const PROXY: &str = "canaryPd19vSya38ZxCo";
const ADMIN: i64 = 99;

/// Too fine for any of these to pass: each names a library, or a part of one, that logs addresses.
const FINEST: &str = "trace,reqwest=trace,reqwest::connect=trace,hyper=trace,hyper::proto=trace,\
                      hyper_util=trace,hyper_util::client::legacy::connect=trace,ureq=trace,\
                      ureq::run=trace,ureq_proto=trace,ureq_proto::client=trace,rustls=trace";

/// A proxy in front of one service: whatever is asked of it, it leads there.
fn proxy(to: &str) -> String {
    let to = to.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::spawn(move || {
        for line in listener.incoming() {
            let (Ok(near), Ok(far)) = (line, TcpStream::connect(&to)) else { continue };
            let (mut back_from, mut back_to) =
                (far.try_clone().unwrap(), near.try_clone().unwrap());
            let (mut there_from, mut there_to) = (near, far);
            thread::spawn(move || drop(std::io::copy(&mut there_from, &mut there_to)));
            thread::spawn(move || drop(std::io::copy(&mut back_from, &mut back_to)));
        }
    });
    format!("http://operator:{PROXY}@{at}")
}

fn echo(secret: &str) -> String {
    format!("You sent Authorization: Bearer {secret} <b>{secret}</b> key={secret}")
}

/// Every service repeats what it was given, in each of its ways to fail.
fn services_repeat_their_keys(shop: &Appliance) {
    let faults = shop.sandbox().faults();
    for secret in KIE {
        let on = |path, n, action| {
            let its_own = move |seen: &Seen| seen.key == secret;
            faults.on(Service::Kie, path).when(its_own).nth(n).does(action);
        };
        let said = echo(secret);
        on("chat/credit", 1, Action::Envelope(500, said.clone()));
        let failed = format!("{{\"code\":\"{secret}\",\"msg\":\"{said}\"}}");
        on("file-stream-upload", 1, Action::Status(503, failed));
        on("createTask", 1, Action::Envelope(500, said.clone()));
        on("recordInfo", 1, Action::Status(200, format!("<html>{said}")));
        let record =
            |data: &str| Action::Status(200, format!("{{\"code\":200,\"data\":{{{data}}}}}"));
        let state = format!("\"state\":\"fail\",\"failCode\":\"{secret}\",\"failMsg\":\"{said}\"");
        on("recordInfo", 2, record(&state));
        let urls = format!("\"resultUrls\":[\"http://10.0.0.1/{secret}\"]");
        let state = format!("\"state\":\"success\",\"response\":{{{urls}}}");
        on("recordInfo", 3, record(&state));
        on("chat/credit", 3, Action::Envelope(401, said));
    }
    let refused = format!("{{\"error\":{{\"message\":\"{}\",\"code\":\"x\"}}}}", echo(OPENAI));
    let gpt = |n, action| faults.on(Service::OpenAi, "chat/completions").nth(n).does(action);
    gpt(1, Action::Status(401, refused.clone()));
    gpt(2, Action::Status(429, refused));
    let said = format!("{{\"choices\":[{{\"message\":{{\"content\":\"{}\"}}}}]}}", echo(OPENAI));
    gpt(3, Action::Status(200, said));
    let refused = format!(
        "{{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: {}\"}}",
        echo(BOT)
    );
    // As it is, and again as plain text: then it is given up, and the operator hears why.
    let to_admin = format!("\"chat_id\":{ADMIN},");
    let alerts = faults.on(Service::Telegram, "sendMessage").with_body(&to_admin).first(2);
    alerts.does(Action::Status(400, refused.clone()));
    faults.on(Service::Telegram, "getUpdates").nth(3).does(Action::Status(400, refused));
    faults.on(Service::Telegram, "getUpdates").nth(5).does(Action::DropBefore);
}

fn orders_in_all_ways(shop: &Appliance) {
    let ann = shop.customer(7).with_credits(20);
    let (first, second) = (ann.orders(3, UGC), ann.orders(3, OWN));
    first.ends();
    second.ends();
    ann.orders(1, UGC).ends();
    // A customer who has found the token says so.
    let bob = shop.customer(8);
    bob.says(&format!("is this yours? 7000000001:{BOT}"));
    shop.settles();
}

fn every_command(shop: &Appliance) {
    let copy = shop.data().parent().unwrap().join("copy.db");
    let copy = copy.to_str().unwrap();
    let dead = format!("http://operator:{PROXY}@127.0.0.1:1");
    for args in [
        &["doctor"][..],
        &["config"],
        &["keys", "--json"],
        &["keys"],
        &["stats", "--json"],
        &["jobs", "--json"],
        &["job", "1"],
        &["users", "--json"],
        &["payments"],
        &["backup", copy],
        &["sql", "SELECT * FROM events"],
        &["sql", "SELECT * FROM outbox"],
        &["grant", "7", "nonsense"],
        &["run"],
    ] {
        shop.command(args);
    }
    let vars = ["OPENAI_PROXY", "KIE_PROXY", "TELEGRAM_PROXY"].map(|name| (name, dead.as_str()));
    shop.command_with(&["doctor"], &vars);
    shop.command_with(&["config"], &vars);
    shop.command_with(&["doctor"], &[("KIE_API_KEY", "canary-kie-Xw83kQpz71LmVt!,\u{1}")]);
    shop.command_with(&["doctor"], &[("BOT_TOKEN", &BOT[..20])]);
    shop.command_with(&["doctor"], &[("TELEGRAM_PROXY", &format!("ftp://x:{PROXY}@h"))]);
    shop.command_with(&["doctor"], &[("BOT_TOKEN", &format!("7000000001:{BOT}"))]);
    let console = shop.terminal(&["console"], 160, 50);
    console.shows("neurocards");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", console.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "no crash leaves its memory on disk");
    for key in "12345678".chars() {
        console.types(&key.to_string());
    }
    console.presses(Key::Esc).types("q");
    console.ends();
}

#[test]
fn no_secret_leaves_the_program_whatever_goes_wrong_and_whoever_repeats_it() {
    let setup = Setup::new().rate(240.0).admin(ADMIN).tuned(|options| {
        options.token = format!("7000000001:{BOT}");
        options.kie_keys = KIE.map(str::to_owned).to_vec();
        options.openai_key = Some(OPENAI.to_owned());
        options.render_ms = (MINUTE / 3, MINUTE);
    });
    let setup = setup.env("RUST_LOG", FINEST).env("RUST_BACKTRACE", "1");
    let shop = setup.stopped();
    let through = proxy(&shop.sandbox().telegram_url());
    shop.sets("TELEGRAM_PROXY", &through);
    services_repeat_their_keys(&shop);
    shop.start_again();
    orders_in_all_ways(&shop);
    every_command(&shop);
    let ann = crate::Customer::again(&shop, 7);
    let order = ann.orders(1, OWN);
    shop.kill9();
    // With the log as it was left. Another process copies: ours has the database open.
    let dead = shop.data().parent().unwrap().join("dead");
    let copied = Command::new("cp").arg("-r").arg(shop.data()).arg(&dead).status().unwrap();
    assert!(copied.success() && dead.join("neurocards.db-wal").exists());
    shop.start_again();
    order.ends();
    shop.settles();
    assert!(shop.sigterm().0.success());
    let last = shop.data().parent().unwrap().join("last.db");
    shop.commands(&["backup", last.to_str().unwrap()]);
    shop.lets_go();
    shop.commands(&["restore", last.to_str().unwrap()]);
    let found = searched(&shop);
    assert!(found.is_empty(), "{found:#?}");
    let echoed = String::from_utf8_lossy(&shop.printed()).matches("***").count();
    assert!(echoed > 0, "the services did repeat what they were given");
}

/// Whole, and their halves.
fn searched(shop: &Appliance) -> Vec<String> {
    shop.lets_go();
    let whole = [BOT, KIE[0], KIE[1], OPENAI, PROXY];
    // What they have in common is no secret.
    let parts = whole.iter().flat_map(|secret| {
        let own = secret.trim_start_matches("canary-kie-").trim_start_matches("sk-canary");
        let own = own.trim_start_matches("CANARY").trim_start_matches("canary");
        let (first, second) = own.split_at(own.len() / 2);
        [own, first, second]
    });
    let all: Vec<&str> = whole.into_iter().chain(parts).collect();
    let root = shop.data().parent().unwrap().to_owned();
    secrets::any_of(&all, &root, &shop.printed(), shop.sandbox())
}
