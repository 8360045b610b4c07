//! The one writer: a thread that owns the writing connection and takes jobs from a bounded queue.
//! Jobs that wait together are committed together, so that one sync serves them all; each stands
//! in a savepoint of its own. Nobody is answered before the commit.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};

use rusqlite::Connection;

use super::connect;
use crate::store::StoreError;
use crate::store::error::Fault;

/// How many jobs one commit may hold.
const GROUP_MAX: usize = 512;

/// Tells the caller how it ended; the argument is the commit's outcome.
type Reply = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Does a job's work, or, given an error, none of it; an error means that nothing of it is to stay.
type Work =
    Box<dyn FnOnce(Result<&Connection, StoreError>) -> (Result<(), StoreError>, Reply) + Send>;

enum Job {
    Write(Work),
    Scrub(SyncSender<Result<(), StoreError>>),
}

/// The handle of the writer thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    queue_length: usize,
    name: String,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        name: String,
        queue_length: usize,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = sync_channel(queue_length);
        let database = name.clone();
        let thread = Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&connection, &jobs, &database))
            .map_err(|error| StoreError::Io {
                database: name.clone(),
                operation: "start the writer of",
                detail: error.to_string(),
            })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), queue_length, name })
    }

    /// Runs a verb on the writer; returns after its commit.
    pub(super) fn submit<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.enqueue(verb)?.recv().map_err(|_| self.stopped())?
    }

    /// Queues a verb; its outcome comes after the commit.
    fn enqueue<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<Receiver<Result<T, StoreError>>, StoreError> {
        let (answer, outcome) = sync_channel(1);
        let name = self.name.clone();
        let work: Work = Box::new(move |connection| {
            let result = connection.and_then(|db| verb(db).map_err(|fault| fault.at(&name)));
            let done = result.as_ref().map(|_| ()).map_err(Clone::clone);
            // A failed commit is everyone's outcome: a conflict may have been with a change that
            // was undone. The caller may have gone; the write is made all the same.
            let reply: Reply = Box::new(move |commit| drop(answer.send(commit.and(result))));
            (done, reply)
        });
        self.send(Job::Write(work))?;
        Ok(outcome)
    }

    /// Empties the write-ahead log, so that what was erased is in no file.
    pub(super) fn scrub(&self) -> Result<(), StoreError> {
        let (answer, outcome) = sync_channel(1);
        self.send(Job::Scrub(answer))?;
        outcome.recv().map_err(|_| self.stopped())?
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or_else(|| self.stopped())?;
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Overloaded { waiting: self.queue_length },
            TrySendError::Disconnected(_) => self.stopped(),
        })
    }

    fn stopped(&self) -> StoreError {
        StoreError::Stopped { database: self.name.clone() }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the queue lets the thread finish what waits, then end.
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread: takes what waits, commits it, until the queue is closed and empty.
fn run(connection: &Connection, jobs: &Receiver<Job>, name: &str) {
    while let Ok(first) = jobs.recv() {
        let mut group = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            match job {
                Job::Write(work) => group.push(work),
                Job::Scrub(answer) => {
                    commit_group(connection, std::mem::take(&mut group), name);
                    let _ = answer.send(connect::checkpoint(connection).map_err(|e| e.at(name)));
                }
            }
            if group.len() < GROUP_MAX {
                next = jobs.try_recv().ok();
            }
        }
        commit_group(connection, group, name);
    }
}

/// One transaction for the whole group; then everyone is answered.
fn commit_group(connection: &Connection, group: Vec<Work>, name: &str) {
    if group.is_empty() {
        return;
    }
    let execute = |sql| connection.execute_batch(sql).map_err(|error| Fault::from(error).at(name));
    let mut replies = Vec::with_capacity(group.len());
    let mut state = execute("BEGIN IMMEDIATE");
    for work in group {
        let ready = state.clone().and_then(|()| execute("SAVEPOINT job"));
        let (done, reply) = work(ready.as_ref().map(|()| connection).map_err(Clone::clone));
        replies.push(reply);
        let kept = if done.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
        // A full disk may end the whole transaction, and with it the jobs before this one: then
        // there is no savepoint to go back to, and the first error is what everyone is told.
        state = ready.and_then(|()| execute(kept).map_err(|error| done.err().unwrap_or(error)));
    }
    let outcome = state.and_then(|()| execute("COMMIT"));
    if !connection.is_autocommit() {
        // Should this fail too, the next BEGIN fails and says so.
        let _ = execute("ROLLBACK");
    }
    for reply in replies {
        reply(outcome.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(queue_length: usize) -> Writer {
        let connection = Connection::open_in_memory().expect("a database");
        connection.execute_batch("CREATE TABLE t (x BIGINT PRIMARY KEY)").expect("a table");
        Writer::start(connection, "memory".to_owned(), queue_length).expect("a thread")
    }

    type Outcome<T> = Receiver<Result<T, StoreError>>;

    fn insert(writer: &Writer, x: i64) -> Result<Outcome<usize>, StoreError> {
        writer.enqueue(move |db| Ok(db.execute("INSERT INTO t VALUES (?1)", [x])?))
    }

    fn count(writer: &Writer) -> Result<u32, StoreError> {
        writer.submit(|db| Ok(db.query_row("SELECT COUNT(*) FROM t", [], |row| row.get(0))?))
    }

    /// Keeps the writer busy until the sender is dropped: what is queued meanwhile is one group.
    fn hold(writer: &Writer) -> SyncSender<()> {
        let (release, wait) = sync_channel::<()>(0);
        let (begun, beginning) = sync_channel::<()>(1);
        let held = writer.enqueue(move |_| {
            let _ = begun.send(());
            let _ = wait.recv();
            Ok(())
        });
        assert!(held.is_ok() && beginning.recv().is_ok());
        release
    }

    #[test]
    fn a_failing_job_takes_nobody_with_it() {
        // Goal: jobs of one group fail alone. Method: while the writer is held five inserts queue
        // up, the third of a key that is taken; it alone fails, four rows stand.
        let writer = writer(16);
        let release = hold(&writer);
        let queued = [1, 2, 2, 3, 4].map(|x| insert(&writer, x).expect("room in the queue"));
        drop(release);
        let stored = queued.map(|outcome| outcome.recv().expect("an outcome").is_ok());
        assert_eq!(stored, [true, true, false, true, true]);
        assert_eq!(count(&writer), Ok(4));
    }

    #[test]
    fn a_lost_transaction_is_everyones_error() {
        // Goal: nobody is told "stored" when the group's transaction is gone. Method: between two
        // inserts of a group a job ends the transaction, as a full disk can, and fails.
        let writer = writer(16);
        let release = hold(&writer);
        let before = insert(&writer, 1).expect("room");
        let fatal = writer.enqueue(|db| -> Result<(), Fault> {
            db.execute_batch("ROLLBACK")?;
            Err(StoreError::DiskFull { database: "memory".to_owned() }.into())
        });
        let after = insert(&writer, 2).expect("room");
        drop(release);
        let full = StoreError::DiskFull { database: "memory".to_owned() };
        assert_eq!(before.recv().expect("an outcome"), Err(full.clone()));
        assert_eq!(fatal.expect("room").recv().expect("an outcome"), Err(full.clone()));
        assert_eq!(after.recv().expect("an outcome"), Err(full));
        assert_eq!(count(&writer), Ok(0));
    }

    #[test]
    fn a_full_queue_refuses_at_once() {
        // Goal: overload is said, not suffered, and what was queued is still done. Method: a held
        // writer with room for one job gets two.
        let writer = writer(1);
        let release = hold(&writer);
        let first = insert(&writer, 1).expect("room for one");
        assert_eq!(insert(&writer, 2).err(), Some(StoreError::Overloaded { waiting: 1 }));
        drop(release);
        assert_eq!(first.recv().expect("an outcome"), Ok(1));
        assert_eq!(count(&writer), Ok(1));
    }

    #[test]
    fn dropping_the_writer_finishes_what_waits() {
        // Goal: no queued write is lost at an orderly end. Method: queue, let go, read outcomes.
        let writer = writer(16);
        let release = hold(&writer);
        let queued = [1, 2, 3].map(|x| insert(&writer, x).expect("room in the queue"));
        drop(release);
        drop(writer);
        assert!(queued.iter().all(|outcome| outcome.recv() == Ok(Ok(1))));
    }
}
