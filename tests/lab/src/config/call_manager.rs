//! As call managers write it: `xsi` bound nowhere, two spaces before attributes, an element a line,
//! many elements that no agent needs, in an order of their own.
//!
//! # Source
//! Public configurations of call manager 8 to 14; names and numbers are ours. That the releases
//! differ in the elements below `by_release` is inferred from those.

use super::{Config, DECLARATION, Enrolment, Member, escaped};
use crate::release::Release;

pub(super) fn full(config: &Config) -> String {
    let Config { extra, enrolment, .. } = config;
    let (hash, encrypted) = (&enrolment.cert_hash, enrolment.encrypted);
    let (group, tvs) = (group(config), tvs(config));
    let (urls, by_release) = (urls(config), by_release(config.release));
    let load = escaped(&config.load);
    format!(
        "{DECLARATION}{ROOT}\
         <fullConfig>true</fullConfig>\n{by_release}\
         <deviceProtocol>SIP</deviceProtocol>\n\
         <sshUserId></sshUserId>\n<sshPassword></sshPassword>\n\
         <ipAddressMode>0</ipAddressMode>\n\
         <allowAutoConfig>true</allowAutoConfig>\n\
         <devicePool  uuid=\"{{00000000-0000-4000-8000-000000000002}}\">\n\
         <revertPriority>0</revertPriority>\n<name>Default</name>\n{DATE_TIME}{group}\
         <srstInfo  uuid=\"{{00000000-0000-4000-8000-000000000004}}\">\n<name>Disable</name>\n\
         <srstOption>Disable</srstOption>\n<isSecure>false</isSecure>\n</srstInfo>\n\
         <connectionMonitorDuration>120</connectionMonitorDuration>\n</devicePool>\n\
         {tvs}{SIP_PROFILE}\
         <loadInformation>{load}</loadInformation>\n\
         <vendorConfig>\n<pcPort>0</pcPort><webAccess>0</webAccess></vendorConfig>\n\
         <versionStamp>1700000000-00000000-0000-4000-8000-000000000003</versionStamp>\n\
         {LOCALE}<deviceSecurityMode>1</deviceSecurityMode>\n{urls}\
         <transportLayerProtocol>4</transportLayerProtocol>\n{}\
         <certHash>{hash}</certHash>\n\
         <encrConfig>{encrypted}</encrConfig>\n\
         <advertiseG722Codec>1</advertiseG722Codec>\n{SERVICES}{extra}</device>\n",
        capf(config)
    )
}

pub(super) fn short(config: &Config) -> String {
    let hash = &config.enrolment.cert_hash;
    format!(
        "{DECLARATION}{ROOT}\
         <fullConfig>false</fullConfig>\n\
         <loadInformation>{}</loadInformation>\n\
         <ipAddressMode>0</ipAddressMode>\n{}\
         <certHash>{hash}</certHash>\n\
         <encrConfig>true</encrConfig>\n</device>\n",
        escaped(&config.load),
        capf(config)
    )
}

/// Without TVS in call manager 8, as in the field (CSCti64589).
pub(super) fn default(config: &Config) -> String {
    let tvs = if config.release == Release::Cucm8 { String::new() } else { tvs(config) };
    format!(
        "{DECLARATION}<Default>\n{}{tvs}\
         <loadInformation683  model=\"Cisco 8841\">{}</loadInformation683>\n{}\
         <deviceSecurityMode>1</deviceSecurityMode>\n{}</Default>\n",
        group(config),
        escaped(&config.load),
        urls(config),
        config.extra
    )
}

fn by_release(release: Release) -> &'static str {
    match release {
        Release::Cucm14 => {
            "<portalDefaultServer></portalDefaultServer>\n<sipOAuthMode>0</sipOAuthMode>\n"
        }
        Release::Cucm12 => "<portalDefaultServer></portalDefaultServer>\n",
        Release::Cucm8 | Release::Tidy => "",
    }
}

/// The call-manager group: its members are no TVS members, though they are called alike.
fn group(config: &Config) -> String {
    let member = |(priority, host): (usize, &String)| {
        let host = escaped(host);
        format!(
            "<member  priority=\"{priority}\">\n<callManager>\n<name>{host}</name>\n\
             <ports>\n<ethernetPhonePort>2000</ethernetPhonePort>\n<sipPort>5060</sipPort>\n\
             <securedSipPort>5061</securedSipPort>\n</ports>\n\
             <processNodeName>{host}</processNodeName>\n</callManager>\n</member>\n"
        )
    };
    let members: String = config.call_managers.iter().enumerate().map(member).collect();
    format!(
        "<callManagerGroup>\n<name>Default</name>\n<tftpDefault>true</tftpDefault>\n\
         <members>\n{members}</members>\n</callManagerGroup>\n"
    )
}

fn tvs(config: &Config) -> String {
    let member = |(priority, member): (usize, &Member)| {
        let (port, address) = (member.port, escaped(&member.address));
        format!(
            "<member  priority=\"{priority}\">\n<port>{port}</port>\n\
             <address>{address}</address>\n</member>\n"
        )
    };
    let members: String = config.tvs.iter().enumerate().map(member).collect();
    format!("<TVS>\n<members>\n{members}</members>\n</TVS>\n")
}

fn capf(config: &Config) -> String {
    let entry = |port: u16, host: &str| {
        format!(
            "<capf>\n<phonePort>{port}</phonePort>\n\
             <processNodeName>{host}</processNodeName>\n</capf>\n"
        )
    };
    let Enrolment { mode, servers, .. } = &config.enrolment;
    let entries: String = match servers.as_slice() {
        [] => entry(3804, &publisher(config)),
        servers => servers.iter().map(|one| entry(one.port, &escaped(&one.address))).collect(),
    };
    format!("<capfAuthMode>{mode}</capfAuthMode>\n<capfList>\n{entries}</capfList>\n")
}

fn urls(config: &Config) -> String {
    let host = publisher(config);
    format!(
        "<authenticationURL>http://{host}:8080/ccmcip/authenticate.jsp</authenticationURL>\n\
         <directoryURL>http://{host}:8080/ccmcip/xmldirectory.jsp</directoryURL>\n\
         <idleURL></idleURL>\n\
         <servicesURL>http://{host}:8080/ccmcip/getservicesmenu.jsp</servicesURL>\n\
         <secureAuthenticationURL>https://{host}:8443/ccmcip/authenticate.jsp\
         </secureAuthenticationURL>\n\
         <secureDirectoryURL>https://{host}:8443/ccmcip/xmldirectory.jsp</secureDirectoryURL>\n\
         <secureServicesURL>https://{host}:8443/ccmcip/getservicesmenu.jsp</secureServicesURL>\n"
    )
}

fn publisher(config: &Config) -> String {
    config.call_managers.first().map(|host| escaped(host)).unwrap_or_default()
}

const ROOT: &str = "<device  xsi:type=\"axl:XIPPhone\" ctiid=\"24\" \
     uuid=\"{00000000-0000-4000-8000-000000000001}\">\n";

const DATE_TIME: &str = "<dateTimeSetting  uuid=\"{00000000-0000-4000-8000-000000000005}\">\n\
     <name>CMLocal</name>\n<dateTemplate>D.M.Y</dateTemplate>\n\
     <timeZone>Greenwich Standard Time</timeZone>\n<ntps>\n<ntp>\n<name>192.0.2.123</name>\n\
     <ntpMode>Unicast</ntpMode>\n</ntp>\n</ntps>\n</dateTimeSetting>\n";

const SIP_PROFILE: &str = "<sipProfile>\n<sipProxies>\n\
     <backupProxy>USECALLMANAGER</backupProxy>\n<backupProxyPort>5060</backupProxyPort>\n\
     <registerWithProxy>true</registerWithProxy>\n</sipProxies>\n<sipLines>\n\
     <line  button=\"1\" lineIndex=\"1\">\n<featureID>9</featureID>\n\
     <featureLabel>Reception &amp; lobby</featureLabel>\n<port>5060</port>\n<name>1001</name>\n\
     <autoAnswer>\n<autoAnswerEnabled>2</autoAnswerEnabled>\n</autoAnswer>\n</line>\n\
     </sipLines>\n<softKeyFile></softKeyFile>\n</sipProfile>\n";

const LOCALE: &str = "<userLocale>\n<name>English_United_States</name>\n<uid>1</uid>\n\
     <langCode>en_US</langCode>\n<winCharSet>iso-8859-1</winCharSet>\n</userLocale>\n";

const SERVICES: &str = "<phoneServices  useHTTPS=\"true\">\n<provisioning>0</provisioning>\n\
     <phoneService  type=\"1\" category=\"0\">\n<name>Missed Calls</name>\n\
     <url>Application:Cisco/MissedCalls</url>\n<vendor></vendor>\n<version></version>\n\
     </phoneService>\n</phoneServices>\n";
