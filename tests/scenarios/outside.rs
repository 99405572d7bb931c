//! The lab on a thread of its own: a phone's thread is in the sandbox, where no server could be
//! started, and a lab's is not.

use std::sync::mpsc::{Sender, channel};
use std::thread;

use crate::lab::Lab;

/// A thread that keeps the lab of one row after the other.
pub(crate) struct Outside {
    jobs: Sender<Job>,
}

type Job = Box<dyn FnOnce(&mut Option<Lab>) + Send>;

impl Outside {
    /// Starts the thread. Must be called outside the sandbox, which a thread inherits.
    pub(crate) fn start() -> Self {
        let (jobs, to_do) = channel::<Job>();
        thread::spawn(move || {
            let mut lab = None;
            for job in to_do {
                job(&mut lab);
            }
        });
        Self { jobs }
    }

    /// Begins with another lab.
    pub(crate) fn begin(&self, make: impl FnOnce() -> Lab + Send + 'static) {
        // The old one first: it has servers to stop.
        self.run(move |lab| {
            *lab = None;
            *lab = Some(make());
        });
    }

    /// Does something to the lab, or asks it for something.
    pub(crate) fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Lab) -> T + Send + 'static,
    ) -> T {
        self.run(move |lab| work(lab.as_mut().expect("a lab was begun with")))
    }

    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Option<Lab>) -> T + Send + 'static,
    ) -> T {
        let (done, result) = channel();
        let job = move |lab: &mut Option<Lab>| {
            let _gone = done.send(work(lab));
        };
        self.jobs.send(Box::new(job)).expect("the lab's thread has not panicked");
        result.recv().expect("the lab's thread has not panicked")
    }
}
