//! The phone's configuration documents.

use md5::{Digest as _, Md5};

use crate::certificate::Certificate;

/// One TVS server in the order of the phone's call-manager group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// Host name or address.
    pub address: String,
    /// TCP port, 2445 in the field.
    pub port: u16,
}

/// What a configuration says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// TVS servers, the first has priority 0.
    pub tvs: Vec<Member>,
    /// `loadInformation`.
    pub load: String,
    /// More elements of `<device>`, as XML.
    pub extra: String,
}

impl Config {
    /// The full document.
    pub fn xml(&self) -> String {
        let members: String = self.tvs.iter().enumerate().map(member).collect();
        format!(
            "{DECLARATION}<device>\n\
             <fullConfig>true</fullConfig>\n\
             <deviceProtocol>SIP</deviceProtocol>\n\
             <TVS><members>\n{members}</members></TVS>\n\
             <loadInformation>{}</loadInformation>\n\
             <ipAddressMode>0</ipAddressMode>\n\
             <capfAuthMode>0</capfAuthMode>\n{}</device>\n",
            escaped(&self.load),
            self.extra
        )
    }

    /// The short document that announces an encrypted one for the owner of `device`.
    ///
    /// `certHash` is the lower-case MD5 of the device's certificate.
    pub fn announcement(&self, device: &Certificate) -> String {
        format!(
            "{DECLARATION}<device>\n\
             <fullConfig>false</fullConfig>\n\
             <loadInformation>{}</loadInformation>\n\
             <ipAddressMode>0</ipAddressMode>\n\
             <capfAuthMode>0</capfAuthMode>\n\
             <capfList></capfList>\n\
             <certHash>{:x}</certHash>\n\
             <encrConfig>true</encrConfig>\n</device>\n",
            escaped(&self.load),
            Md5::digest(&device.der)
        )
    }
}

fn member((priority, member): (usize, &Member)) -> String {
    format!(
        "<member priority=\"{priority}\"><port>{}</port><address>{}</address></member>\n",
        member.port,
        escaped(&member.address)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

#[cfg(test)]
mod tests {
    use super::{Config, Member};

    #[test]
    fn members_are_numbered_from_zero() {
        let member = |host: &str| Member { address: host.to_owned(), port: 2445 };
        let tvs = vec![member("a"), member("b")];
        let xml = Config { tvs, ..Config::default() }.xml();
        assert!(
            xml.contains("<member priority=\"1\"><port>2445</port><address>b</address></member>")
        );
    }
}
