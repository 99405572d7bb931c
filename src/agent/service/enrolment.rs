//! For the phone's screen: asking CAPF for a certificate.

use crate::agent::capf::SessionEffect;
use crate::agent::installed::NotErased;
use crate::agent::service::calls::OneReply;
use crate::agent::service::office::Service;
use crate::agent::service::screen::by;
use crate::face::Error;
use crate::face::methods::{Enrol, Enrolled};
use crate::face::terms::EnrolmentResult;
use crate::io::ipc::Client;
use crate::wire::capf::AuthenticationString;

impl OneReply<Enrol> for Service {
    async fn answer(&self, wanted: Enrol, client: &Client) -> Result<Enrolled, Error> {
        // It is in the phone's Settings menu, as deleting is.
        let access = self.agent.installed.may_use_settings(by(client.peer));
        if let Err(NotErased::SettingsAccess(access)) = access {
            return Err(Error::SettingsAccess { access: access.word().to_owned() });
        }
        let string = wanted.string.as_deref().map(AuthenticationString::parse).transpose();
        let string = string.map_err(|_| Error::invalid_parameter("string"))?;
        let ended = self.agent.enrol(string).await;
        match ended {
            Ok(effect) => Ok(Enrolled { result: effect.into() }),
            Err(failure) => Err(Error::NotEnrolled { detail: failure.to_string() }),
        }
    }
}

impl From<SessionEffect> for EnrolmentResult {
    fn from(effect: SessionEffect) -> Self {
        match effect {
            SessionEffect::Deleted => Self::Deleted,
            SessionEffect::Installed => Self::Installed,
            SessionEffect::Nothing => Self::Nothing,
            SessionEffect::Sent => Self::Sent,
        }
    }
}
