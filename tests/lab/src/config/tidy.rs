//! Well-formed to the letter, and no more than is needed.

use super::{Config, DECLARATION, Enrolment, Member, escaped};

pub(super) fn full(config: &Config) -> String {
    let members: String = config.tvs.iter().enumerate().map(member).collect();
    format!(
        "{DECLARATION}<device>\n\
         <fullConfig>true</fullConfig>\n\
         <deviceProtocol>SIP</deviceProtocol>\n\
         <TVS><members>\n{members}</members></TVS>\n\
         <loadInformation>{}</loadInformation>\n\
         <ipAddressMode>0</ipAddressMode>\n\
         <capfAuthMode>{}</capfAuthMode>\n{}{}</device>\n",
        escaped(&config.load),
        config.enrolment.mode,
        certificate(config),
        config.extra
    )
}

pub(super) fn short(config: &Config) -> String {
    let Enrolment { mode, servers, cert_hash, .. } = &config.enrolment;
    let servers: String = servers.iter().map(capf).collect();
    format!(
        "{DECLARATION}<device>\n\
         <fullConfig>false</fullConfig>\n\
         <loadInformation>{}</loadInformation>\n\
         <ipAddressMode>0</ipAddressMode>\n\
         <capfAuthMode>{mode}</capfAuthMode>\n\
         <capfList>{servers}</capfList>\n\
         <certHash>{cert_hash}</certHash>\n\
         <encrConfig>true</encrConfig>\n</device>\n",
        escaped(&config.load)
    )
}

/// Nothing, if no CAPF server is there.
fn certificate(config: &Config) -> String {
    let Enrolment { servers, cert_hash, encrypted, .. } = &config.enrolment;
    if servers.is_empty() {
        return String::new();
    }
    let servers: String = servers.iter().map(capf).collect();
    format!(
        "<capfList>{servers}</capfList>\n\
         <certHash>{cert_hash}</certHash>\n\
         <encrConfig>{encrypted}</encrConfig>\n"
    )
}

fn capf(server: &Member) -> String {
    format!(
        "<capf><phonePort>{}</phonePort><processNodeName>{}</processNodeName></capf>",
        server.port,
        escaped(&server.address)
    )
}

fn member((priority, member): (usize, &Member)) -> String {
    format!(
        "<member priority=\"{priority}\"><port>{}</port><address>{}</address></member>\n",
        member.port,
        escaped(&member.address)
    )
}
