//! Well-formed to the letter, and no more than is needed.

use super::{Config, DECLARATION, Member, escaped};

pub(super) fn full(config: &Config) -> String {
    let members: String = config.tvs.iter().enumerate().map(member).collect();
    format!(
        "{DECLARATION}<device>\n\
         <fullConfig>true</fullConfig>\n\
         <deviceProtocol>SIP</deviceProtocol>\n\
         <TVS><members>\n{members}</members></TVS>\n\
         <loadInformation>{}</loadInformation>\n\
         <ipAddressMode>0</ipAddressMode>\n\
         <capfAuthMode>0</capfAuthMode>\n{}</device>\n",
        escaped(&config.load),
        config.extra
    )
}

pub(super) fn announcement(config: &Config, hash: &str) -> String {
    format!(
        "{DECLARATION}<device>\n\
         <fullConfig>false</fullConfig>\n\
         <loadInformation>{}</loadInformation>\n\
         <ipAddressMode>0</ipAddressMode>\n\
         <capfAuthMode>0</capfAuthMode>\n\
         <capfList></capfList>\n\
         <certHash>{hash}</certHash>\n\
         <encrConfig>true</encrConfig>\n</device>\n",
        escaped(&config.load)
    )
}

fn member((priority, member): (usize, &Member)) -> String {
    format!(
        "<member priority=\"{priority}\"><port>{}</port><address>{}</address></member>\n",
        member.port,
        escaped(&member.address)
    )
}
