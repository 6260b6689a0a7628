//! Who orders what: every template and count in turn, in both languages; or your own product.

use anyhow::{Result, bail};

use super::super::args::DemoArgs;
use super::photo;
use crate::flow::{TEXT_MAX, TEXT_MIN};
use crate::sandbox::customers::Plan;
use crate::sandbox::photos;

/// The simulated customers' Telegram ids begin here.
const FIRST_USER: i64 = 1_000_001;

const PRODUCTS: [(&str, &str); 6] = [
    ("ru", "Термокружка «Север», 450 мл: держит тепло 8 часов, не протекает в сумке"),
    ("ru", "Крем для рук с облепихой, 75 мл: впитывается за минуту, без липкости"),
    ("ru", "Кроссовки для города: лёгкая сетка, мягкая подошва, 240 г"),
    ("en", "Ceramic pour-over set for two, hand glazed, dishwasher safe"),
    ("ru", "Свеча «Хвойный лес», соевый воск, горит 40 часов"),
    ("en", "Foldable phone stand, aluminium, fits in a pocket"),
];

const WISHES: [Option<&str>; 4] =
    [None, Some("уютное утро, мягкий свет"), Some("на улице, осень"), None];

const OWN_PROMPT: &str = "Slow macro dolly around the product on wet black stone, soft rim light, \
    drops of water roll down, gentle rain sound, the label stays sharp and unchanged.";

/// Makes the plans; plan `n` belongs to customer `n` modulo their number.
pub(super) fn make(args: &DemoArgs) -> Result<Vec<Plan>> {
    let own = args.photo.as_deref().map(photo::read).transpose()?;
    if args.text.is_some() && own.is_none() {
        bail!("--text goes with --photo FILE: the picture of your product");
    }
    if let Some(text) = &args.text {
        let chars = text.trim().chars().count();
        if !(TEXT_MIN..=TEXT_MAX).contains(&chars) || text.trim().starts_with('/') {
            bail!("--text takes {TEXT_MIN} to {TEXT_MAX} characters and is no command");
        }
    }
    let orders = if own.is_some() { own_orders(args) } else { args.orders };
    let customers = args.customers.min(orders).max(1);
    // A few different photos are enough: the sandbox encodes each of them once.
    let photos: Vec<_> = (0..6).map(|n| photos::product(args.seed * 100 + n)).collect();
    let templates = ["🎥", "📢", "🧑‍💻"];
    let plan = |n: u32| {
        let at = n as usize;
        let (language, product) = PRODUCTS[at % PRODUCTS.len()];
        let template = templates[at % templates.len()];
        Plan {
            user: FIRST_USER + i64::from(n % customers),
            language: PRODUCTS[(n % customers) as usize % PRODUCTS.len()].0.to_owned(),
            photo: own.clone().unwrap_or_else(|| photos[at % photos.len()].clone()).into(),
            product: args.text.clone().unwrap_or_else(|| product.to_owned()),
            template: template.to_owned(),
            own_prompt: (template == "🧑‍💻").then(|| OWN_PROMPT.to_owned()),
            wishes: WISHES[at % WISHES.len()].filter(|_| language == "ru").map(str::to_owned),
            count: [1, 3, 5, 1][at / 3 % 4],
        }
    };
    Ok((0..orders).map(plan).collect())
}

/// One order per template shows what a photo can become.
fn own_orders(args: &DemoArgs) -> u32 {
    if args.orders == 12 { 3 } else { args.orders }
}
