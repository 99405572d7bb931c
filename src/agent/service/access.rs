//! Who may do what: the policy of secd.toml, applied to the caller as the kernel identifies it.

use std::collections::BTreeSet;

use crate::face::Right;
use crate::io::ipc::ClientCredentials;
use crate::io::places::Requester;
use crate::io::settings::{Access, Principal};
use crate::io::users::Groups;

/// Whether a client has a right. Root has all.
pub(super) fn may(access: &Access, peer: ClientCredentials, groups: &Groups, right: Right) -> bool {
    if peer.uid == 0 {
        return true;
    }
    entries(access, right).into_iter().flatten().any(|holder| is(holder, peer, groups))
}

/// Whom the settings grant a right, as they write it; root, who has all, is not among them.
pub(super) fn holders(access: &Access, right: Right) -> Vec<String> {
    let holders = entries(access, right).into_iter().flatten().map(ToString::to_string);
    // A user or group may have several of the rights that `any` stands for.
    holders.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The entries of the settings that grant a right.
fn entries(access: &Access, right: Right) -> Vec<&[Principal]> {
    match right {
        // Held by whoever has any of the others; no setting grants it alone.
        Right::Any => {
            [&access.configure, &access.connect, &access.erase, &access.fetch, &access.read]
                .map(Vec::as_slice)
                .to_vec()
        }
        Right::Configure => vec![&access.configure],
        Right::Connect => vec![&access.connect],
        Right::Erase => vec![&access.erase],
        Right::Fetch => vec![&access.fetch],
        Right::Read => vec![&access.read],
    }
}

/// How much of the agent a client may take up.
pub(super) fn standing(access: &Access, peer: ClientCredentials, groups: &Groups) -> Requester {
    match peer.uid {
        0 => Requester::Root,
        _ if may(access, peer, groups, Right::Any) => Requester::Holder,
        _ => Requester::Guest,
    }
}

fn is(principal: &Principal, peer: ClientCredentials, groups: &Groups) -> bool {
    match principal {
        Principal::Everyone => true,
        // The name is the user's in the system's user file, where it has one.
        Principal::User(id) => id.is(peer.uid, groups.user.as_deref()),
        Principal::Group(id) => {
            // The process's own groups, not those of the group file: it may have dropped some, or
            // been given others.
            id.is(peer.gid, None)
                || groups.groups.iter().any(|(number, name)| id.is(*number, Some(name)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::ipc::Supplementary;

    const RIGHTS: [Right; 5] =
        [Right::Read, Right::Connect, Right::Fetch, Right::Erase, Right::Configure];

    fn rights(uid: u32, group: Option<&str>) -> Vec<Right> {
        let groups = Groups {
            user: None,
            groups: group.map(|name| (600, name.to_owned())).into_iter().collect(),
        };
        let peer = ClientCredentials { uid, gid: 500, pid: None, groups: Supplementary::none() };
        let access = Access::default();
        RIGHTS.into_iter().filter(|right| may(&access, peer, &groups, *right)).collect()
    }

    #[test]
    fn the_default_policy_gives_each_its_part() {
        assert_eq!(rights(0, None), RIGHTS);
        assert_eq!(rights(500, Some("phone-ui")), [Right::Read, Right::Erase]);
        assert_eq!(rights(500, Some("phone-apps")), [Right::Connect, Right::Fetch]);
        assert_eq!(rights(500, Some("users")), []);
    }

    #[test]
    fn who_has_a_right_is_no_guest() {
        let (access, nobody) = (Access::default(), Groups::default());
        let ui = Groups { user: None, groups: vec![(600, "phone-ui".to_owned())] };
        for (uid, groups, wanted) in [
            (0, &nobody, Requester::Root),
            (500, &ui, Requester::Holder),
            (500, &nobody, Requester::Guest),
        ] {
            let peer =
                ClientCredentials { uid, gid: 500, pid: None, groups: Supplementary::none() };
            assert_eq!(standing(&access, peer, groups), wanted);
        }
    }
}
