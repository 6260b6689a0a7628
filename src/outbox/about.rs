//! What a message is about, for the log: its key says so.

use super::Row;

/// The video or the order that a message tells of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// `video:JOB`, `gift:JOB`, `fail:job:JOB`.
    pub job: Option<i64>,
    /// `status:ORDER`, `fail:ORDER:CAUSE`.
    pub order: Option<i64>,
}

impl Row {
    /// Neither: it is about no order.
    pub fn about(&self) -> About {
        let key = self.key.as_deref().unwrap_or_default();
        let number = |rest: &str| rest.split(':').next().and_then(|number| number.parse().ok());
        let (what, rest) = key.split_once(':').unwrap_or_default();
        match what {
            "video" | "gift" => About { job: number(rest), order: self.order_id },
            "fail" if rest.starts_with("job:") => About { job: number(&rest[4..]), order: None },
            "status" | "fail" => About { job: self.job_id, order: number(rest) },
            _ => About { job: self.job_id, order: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Content, State};
    use super::*;

    #[test]
    fn a_message_tells_by_its_key_what_it_is_about() {
        let about = |key: &str, job_id| {
            let row = Row {
                id: 1,
                seq: 1,
                chat_id: 7,
                key: Some(key.to_owned()),
                content: Content::text("a"),
                rev: 1,
                sent_rev: 0,
                message_id: None,
                job_id,
                order_id: Some(3),
                state: State::Pending,
                due_at: 0,
                tries: 0,
                lost: 0,
                created_at: 0,
            };
            let About { job, order } = row.about();
            (job, order)
        };
        assert_eq!(about("video:12", Some(12)), (Some(12), Some(3)));
        assert_eq!(about("gift:12", None), (Some(12), Some(3)));
        assert_eq!(about("status:7", None), (None, Some(7)));
        assert_eq!(about("fail:7:timeout", None), (None, Some(7)));
        assert_eq!(about("fail:job:12", None), (Some(12), None));
        assert_eq!(about("broadcast:3:9", None), (None, None));
        assert_eq!(about("", None), (None, None));
    }
}
