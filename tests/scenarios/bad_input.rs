//! What nobody asked for, at each step: a kind answer, and the step stays.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};
use neurocards::sandbox::photos;
use neurocards::sandbox::telegram::Does;

use crate::customer::PRODUCT;
use crate::customer::ru;
use crate::{Appliance, Customer, UGC};

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn tiny() -> Vec<u8> {
    encoded(&DynamicImage::new_rgb8(299, 400), ImageFormat::Jpeg)
}

fn truncated() -> Vec<u8> {
    let whole = photos::product(1);
    whole[..whole.len() / 2].to_owned()
}

/// A JPEG of 600 by 300 that is to be turned by a quarter, with a word in its metadata.
fn turned() -> Vec<u8> {
    let plain = encoded(&DynamicImage::new_rgb8(600, 400), ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0".to_vec();
    // Orientation, SHORT, one value: 6.
    exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"home address");
    let length = (exif.len() + 2) as u16;
    let mut bytes = plain[..2].to_owned();
    bytes.extend([0xff, 0xe1]);
    bytes.extend(length.to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&plain[2..]);
    bytes
}

impl Customer<'_> {
    /// Something was answered, and the dialogue stands where it stood.
    #[track_caller]
    fn stays_at(&self, place: &str) {
        self.finds("a word on what is needed", |message| !message.text.is_empty());
        self.of.settles();
        assert_eq!(self.place(), place, "{:?}", self.news());
        assert!(!self.news().iter().any(|it| it.buttons.is_empty()), "{:?}", self.news());
    }

    /// Sends everything that fits nowhere.
    #[track_caller]
    fn sends_nonsense_at(&self, place: &str) {
        let telegram = self.of.sandbox().telegram();
        self.acts();
        telegram.sends_sticker(self.id);
        self.stays_at(place);
        self.sends_document(b"%PDF-1.4 hello".to_vec(), "application/pdf", "offer.pdf");
        self.stays_at(place);
        self.says(&"я".repeat(4_096));
        self.stays_at(place);
        self.acts();
        telegram.sends_raw(self.id, serde_json::json!({ "dice": { "emoji": "🎲", "value": 3 } }));
        self.stays_at(place);
        for data in
            ["y:1-1:1:1", "y:1-1", "n:1-1:99", "t::x", "again:999999", "again:-1", "x", "🙂", "w:"]
        {
            self.acts();
            let old = self.of.sandbox().telegram().last(self.id).unwrap().id;
            telegram.presses(self.id, old, data);
            self.stays_at(place);
        }
        for command in ["/help", "/terms", "/paysupport", "/language", "/nonsense"] {
            self.says(command);
            self.stays_at(place);
        }
    }
}

#[test]
fn nonsense_at_any_step_leaves_the_step_as_it_is() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    ann.sends_nonsense_at("menu");
    ann.says("/start");
    ann.presses("🎬");
    ann.hears("📸");
    ann.says("a lamp");
    ann.stays_at("photo");
    ann.sends_nonsense_at("photo");
    ann.sends_photo(photos::product(7));
    ann.hears("✍️");
    for short in ["я", " .. "] {
        ann.says(short);
        ann.stays_at("product");
    }
    ann.sends_photo(photos::product(6));
    ann.stays_at("product");
    ann.sends_nonsense_at("product");
    ann.says(PRODUCT);
    ann.hears("🎭");
    ann.says("ugc");
    ann.stays_at("template");
    ann.sends_nonsense_at("template");
    ann.acts();
    ann.says("/help");
    ann.presses("▶️");
    ann.presses("🎥");
    ann.sees("Без пожеланий");
    ann.sends_nonsense_at("wishes");
    ann.says(" Нет ");
    ann.sees("1️⃣");
    ann.says("1");
    ann.stays_at("count");
    ann.sends_nonsense_at("count");
    ann.says("3");
    ann.presses("1️⃣");
    ann.sees("✅");
    ann.says("да");
    ann.stays_at("confirm");
    ann.sends_nonsense_at("confirm");
    ann.says("ещё раз?");
    ann.presses("✅");
    shop.settles();
    assert_eq!((ann.orders_so_far(), ann.videos().len()), (1, 1));
}

#[test]
fn an_own_prompt_of_a_wrong_length_is_asked_for_again() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    ann.presses("🎬");
    ann.hears("📸");
    ann.sends_photo(photos::product(7));
    ann.hears("✍️");
    ann.says(PRODUCT);
    ann.presses("🧑‍💻");
    ann.hears("🧑‍💻");
    ann.says(&"x".repeat(2_001));
    ann.stays_at("prompt");
    ann.sends_nonsense_at("prompt");
    ann.says(&"x".repeat(2_000));
    ann.sees("1️⃣");
    ann.confirms(1).arrives();
    assert_eq!(shop.sandbox().kie().tasks()[0].prompt.len(), 2_000);
}

#[test]
fn a_picture_that_cannot_be_used_is_refused_with_the_reason() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    ann.presses("🎬");
    ann.hears("📸");
    ann.sends_photo(truncated());
    ann.hears(&ru("wrong-photo-broken"));
    ann.sends_photo(tiny());
    ann.hears("299×400");
    ann.sends_document(truncated(), "image/jpeg", "a.jpg");
    ann.hears(&ru("wrong-photo-broken"));
    ann.sends_document(b"<html>".to_vec(), "image/png", "a.png");
    ann.hears(&ru("wrong-photo-file"));
    ann.sends_document(b"GIF89a......".to_vec(), "image/gif", "a.gif");
    ann.hears(&ru("wrong-photo-file"));
    ann.sends_document(b"ftypheic".to_vec(), "image/heic", "a.heic");
    ann.hears(&ru("wrong-photo-file"));
    let strip = encoded(&DynamicImage::new_rgb8(3_000, 400), ImageFormat::Png);
    ann.sends_document(strip, "image/png", "strip.png");
    ann.hears(&ru("wrong-photo-long"));
    ann.stays_at("photo");
    assert!(crate::secrets::files(&shop.path("photos")).is_empty());
}

#[test]
fn a_picture_as_a_file_counts_and_is_turned_and_stripped() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    let png = encoded(&image::load_from_memory(&photos::product(2)).unwrap(), ImageFormat::Png);
    for (bytes, mime, name) in [(png, "image/png", "a.png"), (turned(), "image/jpeg", "b.jpg")] {
        ann.says("/start");
        ann.presses("🎬");
        ann.hears("📸");
        ann.sends_document(bytes, mime, name);
        ann.hears("✍️");
        ann.says(PRODUCT);
        ann.chooses(crate::OWN);
        ann.confirms(1).arrives();
    }
    let uploads = shop.sandbox().kie().uploads();
    assert_eq!((uploads[1].width, uploads[1].height), (400, 600));
    for photo in crate::secrets::files(&shop.path("photos")) {
        let bytes = std::fs::read(photo).unwrap();
        assert_eq!(image::guess_format(&bytes).unwrap(), ImageFormat::Jpeg);
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("Exif") && !text.contains("home address"));
    }
}

#[test]
fn markup_in_a_customers_words_is_shown_as_it_was_typed() {
    let shop = Appliance::new();
    let product = "<b>Чай</b> & \"мёд\" <script>alert(1)</script> {n} &amp;";
    let ann = shop.customer(7);
    shop.sandbox().telegram().set_user(7, Some("ann"), "<i>Ann & co</i>", "ru");
    ann.presses("🎬");
    ann.hears("📸");
    ann.sends_photo(photos::product(7));
    ann.hears("✍️");
    ann.says(product);
    ann.presses("🎥");
    ann.sees("Без пожеланий");
    ann.says("<u>ярко</u> & $имя {x}");
    ann.presses("1️⃣");
    let question = ann.sees("✅");
    assert!(question.text.contains(product), "{}", question.text);
    assert!(question.text.contains("<u>ярко</u> & $имя {x}"), "{}", question.text);
    ann.presses("✅");
    shop.waits_until("SELECT COUNT(*) = 1 FROM orders WHERE finished_at IS NOT NULL");
    let asked = shop.sandbox().openai().requests();
    // What could pass for a tag of ours is written with other brackets.
    assert!(asked[0].user.contains("‹b›Чай‹/b› & \"мёд\""), "{}", asked[0].user);
}

#[test]
fn the_buttons_of_other_drafts_and_customers_start_nothing() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    ann.describes(UGC);
    ann.presses("1️⃣");
    let old = ann.sees("✅");
    ann.says("/start");
    ann.describes(UGC);
    let telegram = shop.sandbox().telegram();
    let Some(Does::Data(yes)) = old.button("✅").map(|it| it.does.clone()) else { panic!() };
    ann.acts();
    telegram.presses(7, old.id, &yes);
    ann.stays_at("count");
    let eve = shop.customer(8);
    eve.acts();
    telegram.presses(8, old.id, &yes);
    eve.stays_at("menu");
    assert_eq!((ann.orders_so_far(), eve.orders_so_far()), (0, 0));
    // Another's video is nobody's to begin with.
    ann.confirms(1).arrives();
    let job: i64 = shop.value("SELECT MAX(id) FROM jobs");
    eve.acts();
    telegram.presses(8, old.id, &format!("again:{job}"));
    eve.stays_at("menu");
}

#[test]
fn forged_presses_on_ones_own_draft_are_answered_and_start_nothing() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    ann.presses("🎬");
    ann.hears("📸");
    ann.sends_photo(photos::product(7));
    ann.hears("✍️");
    ann.says(PRODUCT);
    let templates = ann.sees("🎥");
    let Some(Does::Data(data)) = templates.button("🎥").map(|it| it.does.clone()) else {
        panic!("no template to choose")
    };
    let draft = data.split(':').nth(1).unwrap();
    let forges_at = |place: &str| {
        for forged in ["n:{}:99", "n:{}:-5", "n:{}:0", "t:{}:nosuch", "t:{}:"] {
            ann.acts();
            let forged = forged.replace("{}", draft);
            let press = shop.sandbox().telegram().presses(7, templates.id, &forged);
            ann.stays_at(place);
            let silent = shop.sandbox().telegram().unanswered_callbacks();
            assert!(silent.is_empty(), "{press}: {silent:?}");
            assert_eq!((ann.orders_so_far(), ann.credits()), (0, 2), "{forged}");
        }
    };
    forges_at("template");
    ann.says("/help");
    ann.presses("▶️");
    ann.chooses(UGC);
    forges_at("count");
    ann.says("/help");
    ann.presses("▶️");
    ann.presses("1️⃣");
    ann.sees("✅");
    forges_at("confirm");
    ann.says("/help");
    ann.presses("▶️");
    ann.presses("✅");
    shop.waits_until("SELECT COUNT(*) = 1 FROM orders WHERE finished_at IS NOT NULL");
    assert_eq!((ann.orders_so_far(), shop.sandbox().kie().submits()), (1, 1));
}

#[test]
fn an_album_is_one_photo() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    ann.presses("🎬");
    ann.hears("📸");
    ann.acts();
    for seed in 1..=3 {
        shop.sandbox().telegram().sends_album_photo(7, photos::product(seed), "album-1");
    }
    ann.hears("✍️");
    shop.settles();
    assert_eq!((ann.news().len(), ann.place().as_str()), (1, "product"));
}
