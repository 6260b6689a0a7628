//! What customers think of their videos: 👍 and 👎, by template and model.

use std::collections::BTreeMap;

use anyhow::Result;
use rusqlite::Connection;
use serde::Serialize;

/// Ratings that are looked at, the newest.
const RATINGS: i64 = 1_000;

/// The videos of one template by one model.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rated {
    /// As in `jobs.template_id`.
    pub template_id: String,
    /// As the provider calls it; empty where nobody knows.
    pub model: String,
    /// Videos with a 👍.
    pub good: i64,
    /// Videos with a 👎.
    pub bad: i64,
}

/// The newest 1,000, summed up.
pub fn read(conn: &Connection) -> Result<Vec<Rated>> {
    let mut found = conn.prepare_cached(
        "SELECT j.template_id, COALESCE(j.model, ''), SUM(r.good), SUM(1 - r.good)
         FROM (SELECT job_id, good
               FROM ratings
               ORDER BY at DESC
               LIMIT ?1) AS r
         JOIN jobs j ON j.id = r.job_id
         GROUP BY 1, 2
         ORDER BY 1, 2",
    )?;
    let rows = found.query_map([RATINGS], |row| {
        Ok(Rated {
            template_id: row.get(0)?,
            model: row.get(1)?,
            good: row.get(2)?,
            bad: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The same by template: 👍 and 👎.
pub fn by_template(rated: &[Rated]) -> BTreeMap<&str, (i64, i64)> {
    let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for one in rated {
        let sum = sums.entry(&one.template_id).or_default();
        *sum = (sum.0 + one.good, sum.1 + one.bad);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::{empty, sample};

    #[test]
    fn words_on_videos_are_summed_by_template_and_model() {
        assert_eq!(read(&empty()).unwrap(), []);
        let (conn, _) = sample();
        conn.execute_batch(
            "UPDATE jobs SET template_id = 'ad' WHERE id = 3;
             INSERT INTO ratings (job_id, good, at) VALUES (2, 0, 6), (3, 1, 7)
             ON CONFLICT DO NOTHING;",
        )
        .unwrap();
        let mini = "bytedance/seedance-2-mini";
        let one = |template: &str, model: &str, good, bad| Rated {
            template_id: template.into(),
            model: model.into(),
            good,
            bad,
        };
        let rated = read(&conn).unwrap();
        assert_eq!(rated, [one("ad", "", 1, 0), one("ugc", mini, 1, 1)]);
        assert_eq!(by_template(&rated)["ugc"], (1, 1));
    }
}
