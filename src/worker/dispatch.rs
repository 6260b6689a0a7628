//! Who does what: claims due jobs, keeps the polls in time, and lets no service hold more than
//! half of the threads, so that a GPT that hangs delays no poll.

use super::gifts::{self, Turn};
use super::questions::Questions;
use super::renders::{Render, Renders};
use super::{Desk, FETCH, balances, steps};
use crate::clock::{Millis, SECOND};
use crate::db::{JobId, Machine, PACE};
use crate::jobs::{self, Job, Step};
use crate::keys::{self, Limits};
use crate::orders;
use anyhow::{Context as _, Result};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Rows that another process inserted are seen after this time at the latest, in real time.
const LOOK_AROUND: Duration = Duration::from_secs(1);
/// A lease outlasts the longest call by this, in real time.
const LEASE_SLACK: Duration = Duration::from_secs(30);
/// After a failure of ours.
const AGAIN: Millis = 5 * SECOND;

/// Who a step talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Gpt,
    Uploads,
    Submits,
    Polls,
    Files,
}

const SERVICES: usize = 5;

fn service(step: Step) -> Service {
    match step {
        Step::Script => Service::Gpt,
        Step::Upload => Service::Uploads,
        Step::Submit | Step::Deliver => Service::Submits,
        Step::Render => Service::Polls,
        Step::Fetch => Service::Files,
    }
}

fn turn_service(turn: Turn) -> Service {
    match turn {
        Turn::Poll => Service::Polls,
        Turn::Fetch => Service::Files,
    }
}

enum Task {
    Step(Box<Job>),
    Poll(Box<Render>),
    /// A refunded render.
    Gift(JobId, Turn),
    /// Of this key.
    Balance(String),
}

impl Task {
    fn service(&self) -> Service {
        match self {
            Self::Step(job) => service(job.step),
            Self::Poll(_) | Self::Balance(_) => Service::Polls,
            Self::Gift(_, turn) => turn_service(*turn),
        }
    }
}

#[derive(Default)]
struct State {
    queue: VecDeque<Task>,
    /// Given out, by service: queued for a thread or under way.
    out: [usize; SERVICES],
    /// Of these, questions for balances.
    questions: usize,
    /// Something may be due.
    rung: bool,
    stop: bool,
}

impl State {
    fn busy(&self) -> usize {
        self.out.iter().sum()
    }

    fn begins(&mut self, task: &Task) {
        self.out[task.service() as usize] += 1;
        self.questions += usize::from(matches!(task, Task::Balance(_)));
    }

    fn ends(&mut self, task: &Task) {
        self.out[task.service() as usize] -= 1;
        self.questions -= usize::from(matches!(task, Task::Balance(_)));
    }
}

struct Shared {
    state: Mutex<State>,
    threads: usize,
    /// The dispatcher waits here.
    bell: Condvar,
    /// The threads wait here.
    work: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Threads that one service may hold.
    fn cap(&self) -> usize {
        (self.threads / 2).max(1)
    }

    /// Questions for balances hold a few of the polls' threads at most: an endpoint that hangs
    /// under them delays no poll.
    fn may_ask(&self, state: &State) -> bool {
        let most = (self.cap() / 4).max(1);
        state.questions < most && self.room(state, Service::Polls) > 0
    }

    fn room(&self, state: &State, service: Service) -> usize {
        let cap = self.cap();
        // Two services that hang together would take everything: an idle one keeps a thread.
        let idle =
            (0..SERVICES).filter(|at| *at != service as usize && state.out[*at] == 0).count();
        let kept = if self.threads >= 2 * SERVICES { idle } else { 0 };
        let free = self.threads.saturating_sub(state.busy() + kept);
        cap.saturating_sub(state.out[service as usize]).min(free)
    }

    fn give(&self, state: &mut State, task: Task) {
        state.begins(&task);
        state.queue.push_back(task);
        self.work.notify_one();
    }
}

/// The desk's renders, whatever happened to a thread that held them.
pub(super) fn renders(desk: &Desk) -> MutexGuard<'_, Renders> {
    desk.renders.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The desk's questions for balances.
pub(super) fn questions(desk: &Desk) -> MutexGuard<'_, Questions> {
    desk.questions.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The threads.
pub(super) struct Pool(Arc<Shared>);

/// How busy the threads are, for whoever has nothing else to do with them.
#[derive(Clone)]
pub struct Gauge(Arc<Shared>);

impl Gauge {
    /// Threads that work now, of all.
    pub fn busy(&self) -> (usize, usize) {
        (self.0.state().busy(), self.0.threads)
    }
}

impl Pool {
    pub(super) fn start(desk: &Arc<Desk>) -> Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            threads: desk.options.threads,
            bell: Condvar::new(),
            work: Condvar::new(),
        });
        let ringer = Arc::downgrade(&shared);
        desk.db.watch(
            &["jobs"],
            Arc::new(move || {
                if let Some(shared) = ringer.upgrade() {
                    shared.state().rung = true;
                    shared.bell.notify_one();
                }
            }),
        );
        for n in 0..desk.options.threads {
            let (desk, shared) = (Arc::clone(desk), Arc::clone(&shared));
            spawn(&format!("worker-{n}"), move || work(&desk, &shared))?;
        }
        let (desk, for_dispatcher) = (Arc::clone(desk), Arc::clone(&shared));
        spawn("dispatcher", move || {
            // Without it nothing is claimed any more, and all would look well.
            while catch_unwind(AssertUnwindSafe(|| dispatch(&desk, &for_dispatcher))).is_err() {
                tracing::error!("the dispatcher panicked; it begins anew");
            }
        })?;
        Ok(Self(shared))
    }

    pub(super) fn gauge(&self) -> Gauge {
        Gauge(Arc::clone(&self.0))
    }

    /// Begins nothing new and waits until everything under way has ended, or for `most` in real
    /// time. `true`: everything has.
    pub(super) fn stop(&self, most: Duration) -> bool {
        let until = Instant::now() + most;
        let mut state = self.0.state();
        state.stop = true;
        for task in std::mem::take(&mut state.queue) {
            state.ends(&task);
        }
        self.0.work.notify_all();
        self.0.bell.notify_all();
        while state.busy() > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.0.bell.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .with_context(|| format!("cannot start the thread {name}"))
}

fn dispatch(desk: &Arc<Desk>, shared: &Shared) {
    let mut looked = Instant::now();
    let mut claims_from = looked;
    loop {
        if looked.elapsed() >= LOOK_AROUND {
            looked = Instant::now();
            if let Err(error) = hear_questions(desk) {
                tracing::error!(error = format!("{error:#}"), "could not ask for a balance");
            }
        }
        hand_out_polls(desk, shared);
        hand_out_questions(desk, shared);
        let paced = Instant::now() < claims_from;
        let claimed = if paced { Ok(false) } else { hand_out_steps(desk, shared) };
        hand_out_gifts(desk, shared);
        let wait = match claimed {
            Ok(claimed) => {
                if claimed {
                    claims_from = Instant::now() + desk.clock.real_span(PACE);
                }
                let pause = claims_from.saturating_duration_since(Instant::now());
                let wait = until_next(desk);
                if pause.is_zero() { wait } else { wait.min(pause) }
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "could not claim jobs");
                LOOK_AROUND
            }
        };
        let mut state = shared.state();
        if !state.rung && !state.stop {
            let waited = shared.bell.wait_timeout(state, wait);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.rung = false;
        if state.stop {
            return;
        }
    }
}

/// How long nothing can be due; a full pool rings when a thread comes free.
fn until_next(desk: &Desk) -> Duration {
    let now = desk.now();
    let limits = desk.shop.limits();
    let job = desk.db.read(|conn| jobs::next_due(conn, limits, now)).ok().flatten();
    let poll = renders(desk).next();
    let question = questions(desk).next();
    let gift = gifts::watched(desk).next();
    let next = [job, poll, question, gift].into_iter().flatten().min();
    let wait = next.map_or(LOOK_AROUND, |at| desk.clock.real_span(at - now));
    // What is due now and was not handed out waits for a thread, which rings.
    if wait.is_zero() { LOOK_AROUND / 20 } else { wait.min(LOOK_AROUND) }
}

fn hand_out_polls(desk: &Desk, shared: &Shared) {
    let now = desk.now();
    let mut state = shared.state();
    while shared.room(&state, Service::Polls) > 0 && !state.stop {
        let Some(render) = renders(desk).take_due(now) else { return };
        shared.give(&mut state, Task::Poll(Box::new(render)));
    }
}

/// After everything else: nobody waits for them.
fn hand_out_gifts(desk: &Desk, shared: &Shared) {
    let now = desk.now();
    let mut state = shared.state();
    for turn in [Turn::Fetch, Turn::Poll] {
        while shared.room(&state, turn_service(turn)) > 0 && !state.stop {
            let Some(id) = gifts::watched(desk).take_due(turn, now) else { break };
            shared.give(&mut state, Task::Gift(id, turn));
        }
    }
}

/// The operator wants to know a balance now.
fn hear_questions(desk: &Desk) -> Result<()> {
    let now = desk.now();
    for key in desk.db.read(keys::asked)? {
        questions(desk).now(&key, now);
    }
    Ok(())
}

fn hand_out_questions(desk: &Desk, shared: &Shared) {
    let now = desk.now();
    let mut state = shared.state();
    while shared.may_ask(&state) && !state.stop {
        let Some(key) = questions(desk).take_due(now) else { return };
        shared.give(&mut state, Task::Balance(key));
    }
}

/// `true`: that was a commit.
fn hand_out_steps(desk: &Arc<Desk>, shared: &Shared) -> Result<bool> {
    let now = desk.now();
    let limits = desk.shop.limits();
    let due = desk.db.read(|conn| jobs::next_due(conn, limits, now))?;
    let (room, free): (Vec<(Step, usize)>, usize) = {
        let state = shared.state();
        if state.stop || due.is_none_or(|at| at > now) {
            return Ok(false);
        }
        let room = |step| (step, shared.room(&state, service(step)));
        (Step::ALL.into_iter().map(room).collect(), shared.threads.saturating_sub(state.busy()))
    };
    if room.iter().all(|(_, room)| *room == 0) {
        return Ok(false);
    }
    let lease = desk.clock.span_of(desk.clock.deadline(FETCH) + LEASE_SLACK);
    let claimed = desk.db.write(move |tx| claim_some(tx, &room, free, limits, lease, now))?;
    let mut state = shared.state();
    // The stop lets go of every lease after this.
    if !state.stop {
        for job in claimed {
            shared.give(&mut state, Task::Step(Box::new(job)));
        }
    }
    Ok(true)
}

/// Up to `free` jobs in one commit, no service beyond its room: the most urgent of all, then what
/// waits for no createTask, then what does. Each look for one of these goes through all keys, and
/// with many keys and threads it was most of the writer's work.
fn claim_some(
    tx: &crate::db::Tx<'_>,
    room: &[(Step, usize)],
    free: usize,
    limits: Limits,
    lease: Millis,
    now: Millis,
) -> Result<Vec<Job>> {
    let mut claimed: Vec<Job> = Vec::new();
    // How many there may be after each round, and whether it is about submits; `None`: about all.
    for (most, submits) in [(1, None), (free, Some(false)), (free, Some(true))] {
        let among = |step: Step| submits.is_none_or(|only| only == (step == Step::Submit));
        while claimed.len() < most.min(free) {
            let given =
                |of: Step| claimed.iter().filter(|job| service(job.step) == service(of)).count();
            let open = room.iter().filter(|(step, room)| among(*step) && given(*step) < *room);
            let steps: Vec<Step> = open.map(|(step, _)| *step).collect();
            match jobs::claim(tx, &steps, limits, lease, now)? {
                Some(job) => claimed.push(job),
                None => break,
            }
        }
    }
    Ok(claimed)
}

fn work(desk: &Arc<Desk>, shared: &Shared) {
    loop {
        let mut state = shared.state();
        let task = loop {
            if state.stop {
                return;
            }
            if let Some(task) = state.queue.pop_front() {
                break task;
            }
            state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        drop(state);
        perform(desk, &task);
        let mut state = shared.state();
        state.ends(&task);
        state.rung = true;
        drop(state);
        shared.bell.notify_all();
    }
}

/// Does a task; neither its error nor its panic ends the thread.
fn perform(desk: &Desk, task: &Task) {
    let done = catch_unwind(AssertUnwindSafe(|| match task {
        Task::Step(job) => steps::run(desk, job),
        Task::Poll(render) => steps::poll(desk, render),
        Task::Balance(key) => balances::ask(desk, key),
        Task::Gift(id, turn) => gifts::take_turn(desk, *id, *turn),
    }));
    let error = match done {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error,
        Err(_) => anyhow::anyhow!("a worker thread panicked"),
    };
    let blameless = Machine::stops_everybody(&error);
    let error = format!("{error:#}");
    match task {
        Task::Balance(key) => {
            tracing::error!(key, error, "could not ask for a balance");
            questions(desk).answered(key, false, desk.now());
        }
        Task::Poll(render) => {
            let (id, order) = (render.job.id.0, render.job.order_no());
            tracing::error!(job.id = id, order.id = order, error, "a poll failed");
            let at = desk.now() + desk.options.poll_interval;
            renders(desk).again(render, at);
        }
        Task::Gift(id, turn) => {
            tracing::error!(job.id = id.0, error, "a refunded render could not be looked after");
            gifts::watched(desk).put(*id, *turn, desk.now() + gifts::EVERY);
        }
        Task::Step(job) => {
            let (id, order, step) = (job.id.0, job.order_no(), job.step.word());
            tracing::error!(job.id = id, order.id = order, step, error, "a step failed");
            give_back(desk, job, blameless);
        }
    }
}

/// The job is tried again, as soon as the disk takes that word. A disk that is full or a process
/// that may open no file says nothing about the job: only its own failures are strikes, and a file
/// of its own that cannot be read is one.
fn give_back(desk: &Desk, job: &Job, blameless: bool) {
    loop {
        let (shop, job, now) = (desk.shop.clone(), job.clone(), desk.now());
        let (id, order) = (job.id.0, job.order_no());
        let given = desk
            .db
            .write(move |tx| orders::given_back(tx, &shop, &job, blameless, now + AGAIN, now));
        let Err(error) = given else { return };
        let again = Machine::of(&error).is_some() && !desk.stopping();
        let error = format!("{error:#}");
        if !again {
            let waits = "the job waits for its lease to end";
            return tracing::error!(job.id = id, order.id = order, error, "{waits}");
        }
        tracing::warn!(job.id = id, order.id = order, error, "the job waits for the disk");
        desk.pause(SECOND);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balances_that_hang_leave_room_for_polls() {
        for (threads, most) in [(4, 1), (8, 1), (32, 4)] {
            let mut state = State::default();
            let shared = Shared {
                state: Mutex::default(),
                threads,
                bell: Condvar::new(),
                work: Condvar::new(),
            };
            while shared.may_ask(&state) {
                shared.give(&mut state, Task::Balance("aaaa".to_owned()));
            }
            assert_eq!(state.questions, most, "{threads} threads");
            assert!(shared.room(&state, Service::Polls) > 0, "{threads} threads");
            let Some(task) = state.queue.pop_front() else { panic!("none was given") };
            state.ends(&task);
            assert!(shared.may_ask(&state), "the next, when one has ended");
        }
    }
}
