//! Writes prompts as a model would: one paragraph about the product, another one each time.

use super::GptRequest;

const OPENINGS: [&str; 6] = [
    "A sudden close-up with a hard cut",
    "The shot opens on a hand-held phone view",
    "Soft morning light falls across a wooden table",
    "A quick push-in catches the eye at once",
    "Out of a blurred background the product comes into focus",
    "The camera glides low over a clean surface",
];
const MIDDLES: [&str; 5] = [
    "light moves slowly over its surface and shows the texture",
    "the camera circles it at a calm, steady pace",
    "a gentle tilt reveals every side without a cut",
    "small drops of water catch the light around it",
    "the background drifts out of focus behind it",
];
const ENDINGS: [&str; 4] = [
    "It ends on a still front view with room to breathe.",
    "In the last second it stands in the centre, sharp and bright.",
    "The final moment holds on the label, perfectly readable.",
    "It closes on a satisfied pause, the product in the middle.",
];
/// Of the product's description, in characters.
const LONGEST_PRODUCT: usize = 120;

/// One paragraph under 700 characters, without headings or lists.
pub(super) fn prompt(request: &GptRequest) -> String {
    let n = request.n as usize;
    let product = product(&request.user);
    format!(
        "{} {}: the product stays exactly as on the reference photo, same shape, colours and \
         label, while {}. About the product: {product}. Real materials, natural motion, no \
         people, no added text. {} Take {n}.",
        OPENINGS[n % OPENINGS.len()],
        "in a vertical 9:16 frame",
        MIDDLES[n / 2 % MIDDLES.len()],
        ENDINGS[n / 3 % ENDINGS.len()],
    )
}

/// What stands between product tags, or the longest line that the customer seems to have written.
fn product(user: &str) -> String {
    let lines =
        user.lines().map(|line| line.split_once(": ").map_or(line, |(_, rest)| rest).trim());
    let tagged = user.split_once("<product>").and_then(|(_, rest)| rest.split_once("</product>"));
    let tagged = tagged.map(|(product, _)| product.trim());
    let longest = lines.max_by_key(|line| line.len());
    let line = tagged.or(longest).filter(|line| !line.is_empty());
    let clean = line.unwrap_or("a product").replace(['#', '*', '`', '<', '>', '\n'], " ");
    clean.chars().take(LONGEST_PRODUCT).collect::<String>().trim_end_matches('.').to_owned()
}
