//! Choosing among the operator's kinds of video, and the price that follows.

use super::{Rows, View};
use crate::flow::Press;
use crate::flow::press::Choice;
use crate::orders;
use crate::outbox::Button;
use crate::text::{self, Arg};
use anyhow::Result;

impl View<'_> {
    /// Credits per video of the order in the making.
    pub(super) fn price(&self) -> i64 {
        self.shop.price(self.draft.choice.id())
    }

    /// The same, where it is known already: there is one price, or one was chosen.
    pub(super) fn one_price(&self) -> Option<i64> {
        let mut prices = self.shop.catalogue.choices().iter().map(|choice| choice.credits);
        let first = prices.next();
        let open = self.shop.choice(self.draft.choice.id()).is_none();
        let differ = open && prices.any(|price| Some(price) != first);
        match (open, first) {
            _ if differ => None,
            (true, Some(price)) => Some(price),
            _ => Some(self.price()),
        }
    }

    /// The question, with a line about each; `None`: none of them can be made now.
    pub(super) fn choices(&self) -> Result<Option<String>> {
        let language = self.user.lang.code();
        let mut html = self.say("ask-choice", &[]);
        let mut between = "\n\n";
        let serving = self.serving()?;
        for choice in self.shop.catalogue.choices() {
            let label = ("label", Arg::Str(choice.label(language)));
            let line = match (serving.contains(&choice.id), choice.about(language)) {
                (false, _) => self.say("choice-off", &[label]),
                (true, Some(about)) => {
                    self.say("choice-line", &[label, ("about", Arg::Str(about))])
                }
                (true, None) => continue,
            };
            html.push_str(between);
            html.push_str(&line);
            between = "\n";
        }
        Ok((!serving.is_empty()).then_some(html))
    }

    /// A button for each that can be made now.
    pub(super) fn choice_rows(&self) -> Result<Rows> {
        let language = self.user.lang.code();
        let serving = self.serving()?;
        let choices = self.shop.catalogue.choices().iter();
        let open = choices.filter(|choice| serving.contains(&choice.id));
        Ok(open
            .map(|choice| {
                let credits = Arg::Html(self.credits(choice.credits));
                let label = ("label", Arg::Html(choice.label(language).to_owned()));
                let words = self.say("button-choice", &[label, ("credits", credits)]);
                let which = Choice::Quality(choice.id.clone());
                let press = Press::Draft(self.draft.id.clone(), which);
                vec![Button::data(words, press.data())]
            })
            .collect())
    }

    fn serving(&self) -> Result<Vec<String>> {
        let chars = self.draft.prompt.as_ref().map_or(0, |prompt| prompt.chars().count());
        let offered = orders::offered(self.conn, self.shop, chars, self.now)?;
        Ok(offered.into_iter().filter(|one| one.serves).map(|one| one.id).collect())
    }

    /// The way back to the question, where there was one.
    pub(super) fn other_choice(&self) -> Option<Vec<Button>> {
        let several = self.shop.catalogue.choices().len() > 1;
        several.then(|| self.choice("button-other-choice", Choice::OtherQuality))
    }

    /// What was chosen where there was something to choose.
    pub(super) fn chosen_label(&self) -> Option<String> {
        let several = self.shop.catalogue.choices().len() > 1;
        let choice = self.shop.choice(self.draft.choice.id()).filter(|_| several)?;
        Some(text::escape(choice.label(self.user.lang.code())))
    }
}
