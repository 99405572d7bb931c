//! For the administrator: the diagnosis, as the interface shows it.

use crate::agent::doctor::{Busy, Report};
use crate::agent::service::calls::OneReply;
use crate::agent::service::office::Service;
use crate::diagnose::Conditions;
use crate::face::Error;
use crate::face::methods::{Diagnose, Diagnosis};
use crate::face::records::Finding;
use crate::io::ipc::Client;

impl OneReply<Diagnose> for Service {
    async fn answer(&self, _: Diagnose, _: &Client) -> Result<Diagnosis, Error> {
        self.diagnosis().await.map_err(|Busy| Error::Busy)
    }
}

impl Service {
    /// Finds out what is wrong between phone and cluster.
    ///
    /// # Errors
    /// [`Busy`] if another diagnosis is being made.
    pub(in crate::agent) async fn diagnosis(&self) -> Result<Diagnosis, Busy> {
        self.agent.diagnose().await.map(|report| shown(&report))
    }
}

fn shown(report: &Report) -> Diagnosis {
    let diagnosis = &report.diagnosis;
    let (case, remedy) = (&diagnosis.case, diagnosis.remedy);
    let conditions = diagnosis.conditions.as_ref().map(Conditions::listed);
    Diagnosis {
        checks: report.findings.checks().into_iter().map(Into::into).collect(),
        case: Finding { word: case.word().to_owned(), text: case.to_string() },
        next_boot: diagnosis.next_boot.to_string(),
        remedy: Finding { word: remedy.word().to_owned(), text: remedy.to_string() },
        conditions: conditions.into_iter().flatten().map(Into::into).collect(),
    }
}
