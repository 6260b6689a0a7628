//! The many ways to say "none".

/// Whether somebody who was asked for wishes said that there are none.
pub(super) fn means_none(text: &str) -> bool {
    let bare = text.trim().trim_end_matches(['.', '!']).trim().to_lowercase();
    let nones = [
        "",
        "-",
        "--",
        "—",
        "–",
        "−",
        "нет",
        "неа",
        "не",
        "нету",
        "без",
        "без пожеланий",
        "пожеланий нет",
        "нет пожеланий",
        "no",
        "none",
        "nope",
        "no wishes",
        "n/a",
        "0",
        ".",
    ];
    nones.contains(&bare.as_str())
}

#[cfg(test)]
mod tests {
    #[test]
    fn none_is_none_however_it_is_said() {
        for none in ["-", "—", "нет", "Нет ", " НЕТ.", "Без пожеланий", "no", "No!", "–"]
        {
            assert!(super::means_none(none), "{none:?}");
        }
        for wish in ["нет людей в кадре", "красный фон", "no people", "- на пляже"]
        {
            assert!(!super::means_none(wish), "{wish:?}");
        }
    }
}
