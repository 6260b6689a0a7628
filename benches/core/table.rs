//! What was measured, beside its goal: as text, and as JSON.

/// What a value is held against. Only ratios are: they say the same on every machine.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    None,
    Least(f64),
    Under(f64),
}

#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

struct Row {
    what: String,
    value: f64,
    unit: &'static str,
    goal: Goal,
}

impl Row {
    fn is_met(&self) -> bool {
        match self.goal {
            Goal::None => true,
            Goal::Least(least) => self.value >= least,
            Goal::Under(most) => self.value < most,
        }
    }

    fn goal(&self) -> String {
        match self.goal {
            Goal::None => String::new(),
            Goal::Least(least) => format!("at least {least}"),
            Goal::Under(most) => format!("under {most}"),
        }
    }

    fn value(&self) -> String {
        match self.value {
            value if value < 10.0 => format!("{value:.2}"),
            value if value < 100.0 => format!("{value:.1}"),
            value => format!("{value:.0}"),
        }
    }
}

impl Table {
    /// Information.
    pub(crate) fn fact(&mut self, what: &str, value: f64, unit: &'static str) {
        self.row(what, value, unit, Goal::None);
    }

    /// A ratio.
    pub(crate) fn ratio(&mut self, what: &str, value: f64, goal: Goal) {
        self.row(what, value, "", goal);
    }

    fn row(&mut self, what: &str, value: f64, unit: &'static str, goal: Goal) {
        let row = Row { what: what.to_owned(), value, unit, goal };
        println!("{what}: {} {unit}", row.value());
        self.rows.push(row);
    }

    pub(crate) fn is_missed(&self) -> bool {
        self.rows.iter().any(|row| !row.is_met())
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::from("| what | measured | goal |\n|---|---|---|\n");
        for row in &self.rows {
            let missed = if row.is_met() { "" } else { ", MISSED" };
            let value = row.value();
            let value = format!("{value} {}", row.unit);
            let line = format!("| {} | {} | {}{missed} |\n", row.what, value.trim(), row.goal());
            text.push_str(&line);
        }
        text
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        let row = |row: &Row| {
            serde_json::json!({
                "what": row.what, "value": row.value, "unit": row.unit, "goal": row.goal(),
                "met": row.is_met(),
            })
        };
        self.rows.iter().map(row).collect()
    }
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
