//! The buttons under a video: another with its product, the same again, one change, a word on it.

use super::step::{Effect, Facts, Outcome, begin, last_question};
use super::{Chosen, Dialog, Draft, Press, Refine, Wishes};
use crate::orders::{Again, Selling};

/// `again` is what the video was made of, and the video is theirs.
pub(super) fn pressed(dialog: &Dialog, press: &Press, again: &Again, facts: &Facts) -> Outcome {
    let stay = |effect| (dialog.clone(), vec![effect]);
    match press {
        Press::Same(_) => order(same(again, facts), facts),
        Press::Refine(_) => order(refined(again, facts), facts),
        Press::Rate(job, good) => stay(Effect::Rate(*job, *good)),
        Press::Film(job) => stay(Effect::Film(*job)),
        _ => begin(another(again, facts), facts),
    }
}

/// Its photo and product, as far as they are there.
fn another(again: &Again, facts: &Facts) -> Draft {
    Draft {
        id: facts.fresh.clone(),
        photo: facts.photo_kept.then(|| again.photo.clone()),
        product: (!again.product.is_empty()).then(|| again.product.clone()),
        ..Draft::default()
    }
}

/// All of it, for one video: what is gone or serves no more is asked for.
fn same(again: &Again, facts: &Facts) -> Draft {
    let serves = |id: &&String| *id == "self" || facts.templates.contains(*id);
    let fits = |prompt: &&String| prompt.chars().count() <= facts.prompt_max;
    let offer = again.choice.as_ref().and_then(|id| facts.offer(id));
    let choice = offer.filter(|offer| offer.serves).map(|offer| Chosen::This(offer.id.clone()));
    let wishes = again.wishes.clone().map_or(Wishes::None, Wishes::Some);
    let refine = again
        .refines
        .clone()
        .map(|refines| Refine { script: refines.script, change: Some(refines.change) });
    Draft {
        template: Some(&again.template).filter(serves).cloned(),
        prompt: again.own_prompt.as_ref().filter(fits).cloned(),
        wishes: Some(wishes),
        choice: choice.unwrap_or_default(),
        count: Some(1),
        refine,
        ..another(again, facts)
    }
}

/// The same but for what is to change: that is asked. An own prompt is edited itself.
fn refined(again: &Again, facts: &Facts) -> Draft {
    let script = again.own_prompt.as_ref().or(again.script.as_ref());
    let refine = script.map(|script| Refine { script: script.clone(), change: None });
    // Of history that was inserted by hand nobody knows the script: wishes say what is wanted.
    let draft = same(again, facts);
    let wishes = draft.wishes.filter(|_| refine.is_some());
    Draft { prompt: None, wishes, refine, ..draft }
}

/// Straight to the last question, where the shop is open and nothing else is missing.
fn order(draft: Draft, facts: &Facts) -> Outcome {
    match facts.selling {
        Selling::Open => last_question(draft.among(&facts.offered), facts),
        Selling::Closed(_) => begin(draft, facts),
    }
}
