//! Services repeat in their errors what they were asked.

/// As many characters in a row are no chance.
const RUN: usize = 16;
/// Shorter words stand in any error.
const SHORTEST: usize = 4;

/// What somebody said, without what it repeats of `words`: those as a whole, and any long run of
/// theirs, since what is long is cut. Of `said` as long as an error of ours.
pub fn without_echo(said: &str, words: &[&str]) -> String {
    let words: Vec<&str> = words.iter().map(|word| word.trim()).collect();
    let said: Vec<char> = said.chars().collect();
    let (mut left, mut at) = (String::new(), 0);
    while at < said.len() {
        let run = echoed(&said[at..], &words);
        if run > 0 {
            left.push('…');
            at += run;
        } else {
            left.push(said[at]);
            at += 1;
        }
    }
    left
}

/// How many characters of its beginning are repeated.
fn echoed(said: &[char], words: &[&str]) -> usize {
    let begins = |length: usize| said[..length].iter().collect::<String>();
    let mut run = 0;
    for word in words {
        let whole = word.chars().count();
        if (SHORTEST..=said.len()).contains(&whole) && begins(whole) == *word {
            run = run.max(whole);
        }
        let mut length = RUN.max(run + 1);
        while length <= said.len() && word.contains(&begins(length)) {
            run = length;
            length += 1;
        }
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_what_was_repeated_whole_or_cut() {
        let prompt = "A woman pours tea from a \"Polyarka-7731\" mug & smiles";
        let words = ["Варежки", prompt, "", "а"];
        for (said, left) in [
            ("nothing of theirs: a woman", "nothing of theirs: a woman"),
            ("the prompt Варежки is bad", "the prompt … is bad"),
            ("bad: A woman pours tea from a", "bad: …"),
            ("bad: …tea from a \"Polyarka-7731\" mug!", "bad: ……!"),
            ("Варежки, ВарежкиВарежки", "…, ……"),
            (prompt, "…"),
            ("", ""),
        ] {
            assert_eq!(without_echo(said, &words), left);
        }
        assert_eq!(without_echo("tea from", &[prompt]), "tea from", "too short to be theirs alone");
    }
}
