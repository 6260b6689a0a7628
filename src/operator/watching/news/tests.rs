//! The sample's rows as they are read by somebody who looks now and then.

use super::*;
use crate::operator::tests::sample;

fn from_the_beginning(conn: &Connection) -> News {
    since(conn, &Place::default()).unwrap().0
}

#[test]
fn what_happened_is_told_once_and_in_its_order() {
    let (conn, _) = sample();
    let (news, place) = since(&conn, &Place::default()).unwrap();
    let told = |job: i64| -> Vec<String> {
        let of_it = news.moments.iter().filter(|moment| moment.job == Some(job));
        of_it
            .map(|moment| match &moment.what {
                What::Credits { kind, credits } => format!("{kind} {credits}"),
                What::Step { what, .. } => what.clone(),
                other => format!("{other:?}"),
            })
            .collect()
    };
    assert_eq!(told(1), ["hold 1", "written", "rendered", "fetched", "done", "charge 1"]);
    assert_eq!(told(2), ["hold 1", "trouble", "failed", "release 1"]);
    assert!(news.moments.iter().all(|it| it.job.is_none() || it.order == Some(1)));
    assert_eq!((news.customers, news.payments), (2, (1, 150)));
    let accepted = ("aaaa".to_owned(), "accepted".to_owned());
    assert_eq!(news.submits, [accepted.clone(), accepted]);
    let (nothing, same) = since(&conn, &place).unwrap();
    assert_eq!((nothing, same), (News::default(), place.clone()));
    assert_eq!(super::place(&conn).unwrap(), place);
}

#[test]
fn an_order_ends_with_its_last_video_and_by_what_came_of_all() {
    let (conn, _) = sample();
    let ended = |news: News| -> Vec<&'static str> {
        let results = news.moments.into_iter().filter_map(|moment| match moment.what {
            What::OrderEnded { result } => Some(result),
            _ => None,
        });
        results.collect()
    };
    assert!(ended(from_the_beginning(&conn)).is_empty());
    conn.execute_batch(
        "UPDATE jobs SET status = 'failed', finished_at = 999, error_class = 'timeout' WHERE id = 3;
         UPDATE orders SET finished_at = 999;
         INSERT INTO events (job_id, at, step, what) VALUES (3, 999, 'render', 'failed');
         INSERT INTO events (job_id, at, step, what) VALUES (3, 1999, 'render', 'late');",
    )
    .unwrap();
    let news = from_the_beginning(&conn);
    let classes: Vec<_> = news
        .moments
        .iter()
        .filter_map(|moment| match &moment.what {
            What::Step { end: Some(end), .. } => end.class.as_deref(),
            _ => None,
        })
        .collect();
    assert_eq!(classes, ["timeout", "user_violation"]);
    assert_eq!(ended(news), ["partial"]);
    conn.execute_batch("UPDATE jobs SET error_class = NULL WHERE id = 1").unwrap();
}

#[test]
fn a_create_task_counts_when_it_is_over_though_it_began_before() {
    let (conn, _) = sample();
    conn.execute_batch(
        "INSERT INTO submits (id, job_id, api_key, model, at) VALUES (9, 3, 'aaaa', 'kling', 5)",
    )
    .unwrap();
    let before = super::place(&conn).unwrap();
    assert_eq!(since(&conn, &before).unwrap(), (News::default(), before.clone()));
    conn.execute("UPDATE submits SET outcome = 'lost', ended_at = 6 WHERE id = 9", []).unwrap();
    let (news, after) = since(&conn, &before).unwrap();
    assert_eq!(news.submits, [("aaaa".to_owned(), "lost".to_owned())]);
    assert!(after.open.is_empty());
}

#[test]
fn numbers_that_begin_anew_after_a_pruning_are_read_from_their_beginning() {
    let (conn, now) = sample();
    let before = super::place(&conn).unwrap();
    conn.execute_batch("DELETE FROM events; DELETE FROM submits").unwrap();
    let one = "INSERT INTO events (job_id, at, step, what) VALUES (3, ?1, 'render', 'rendered')";
    conn.execute(one, [now]).unwrap();
    let (news, after) = since(&conn, &before).unwrap();
    assert_eq!((news.moments.len(), after.events), (1, 1));
    assert!(since(&conn, &after).unwrap().0.moments.is_empty());
}
