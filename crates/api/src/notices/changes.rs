//! What is new in the picture, compared with what was known before: more updates, and what does not answer any more.

use std::collections::{BTreeMap, HashMap};

use domain::{
    ClusterId, GuestId, NodeKey,
    fleet::{AgentState, ClusterRow, Fleet, FleetPatch, GuestRow, Link, NodeRow, UpdateState},
    inventory::UpdateCounts,
    preferences::Messages,
};

/// New updates of one guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) total: u32,
    pub(super) security: u32,
}

/// What may stop answering.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    Cluster(ClusterId),
    Node(NodeKey),
    Agent(GuestId),
}

#[derive(Default)]
struct Seen {
    counts: Option<UpdateCounts>,
    online: bool,
}

/// The picture as it was, and what is new since the last digest.
#[derive(Default)]
pub(super) struct Changes {
    guests: HashMap<GuestId, Seen>,
    /// Whether each answered.
    up: HashMap<Place, bool>,
    pub(super) found: BTreeMap<GuestId, Found>,
    /// By what it is called.
    pub(super) away: BTreeMap<Place, String>,
}

impl Changes {
    pub(super) fn since(fleet: &Fleet) -> Self {
        let mut all = Self::default();
        for row in &fleet.guests {
            all.guests.insert(row.id, Seen::of(row));
        }
        for row in &fleet.clusters {
            all.up.insert(Place::Cluster(row.id), answers(&row.link));
        }
        for row in &fleet.nodes {
            all.up
                .insert(Place::Node(row.key.clone()), answers(&row.link));
        }
        all
    }

    /// Takes a change of the picture in. True if it brought news.
    pub(super) fn take(&mut self, patch: &FleetPatch, wishes: &Messages) -> bool {
        for id in &patch.gone_guests {
            self.guests.remove(id);
            self.found.remove(id);
            self.away.remove(&Place::Agent(*id));
        }
        for key in &patch.gone_nodes {
            self.up.remove(&Place::Node(key.clone()));
            self.away.remove(&Place::Node(key.clone()));
        }
        for id in &patch.gone_clusters {
            self.up.remove(&Place::Cluster(*id));
            self.away.remove(&Place::Cluster(*id));
        }
        let mut news = false;
        for row in &patch.clusters {
            news |= self.cluster(row);
        }
        for row in &patch.nodes {
            news |= self.node(row);
        }
        for row in &patch.guests {
            news |= self.guest(row, wishes);
        }
        news
    }

    fn cluster(&mut self, row: &ClusterRow) -> bool {
        self.link(Place::Cluster(row.id), &row.link, row.name.clone())
    }

    fn node(&mut self, row: &NodeRow) -> bool {
        let place = Place::Node(row.key.clone());
        self.link(place, &row.link, row.key.node.to_string())
    }

    fn link(&mut self, place: Place, link: &Link, name: String) -> bool {
        // Not asked yet, or switched off by the user: neither is news.
        if matches!(link, Link::Unknown | Link::Disabled) {
            self.away.remove(&place);
            return false;
        }
        let answers = answers(link);
        let answered = self.up.insert(place.clone(), answers) == Some(true);
        if answers {
            self.away.remove(&place);
            return false;
        }
        if answered {
            self.away.insert(place, name);
        }
        answered
    }

    fn guest(&mut self, row: &GuestRow, wishes: &Messages) -> bool {
        let seen = Seen::of(row);
        let before = self.guests.entry(row.id).or_default();
        // While it is worked on, what changes is what was asked for.
        let silent = wishes.muted.contains(&row.id) || row.activity.is_some() || row.old;
        let place = Place::Agent(row.id);
        let mut news = false;
        let now = seen.counts.unwrap_or_default();
        let known = before.counts.unwrap_or_default();
        let more = Found {
            name: row.name.clone(),
            total: now.total.saturating_sub(known.total),
            security: now.security.saturating_sub(known.security),
        };
        if !silent && (more.total > 0 || more.security > 0) {
            let found = self.found.entry(row.id).or_default();
            found.total += more.total;
            found.security += more.security;
            found.name = more.name;
            news = true;
        }
        let offline = matches!(row.agent, AgentState::Offline { .. });
        if !silent && offline && before.online {
            self.away.insert(place, row.name.clone());
            news = true;
        } else if !offline {
            self.away.remove(&place);
        }
        // What is not known now is no less than what was known.
        before.counts = seen.counts.or(before.counts);
        before.online = seen.online || (before.online && offline && silent);
        news
    }
}

impl Seen {
    fn of(row: &GuestRow) -> Self {
        let counts = match &row.updates {
            UpdateState::UpToDate { .. } => Some(UpdateCounts::default()),
            UpdateState::Updates { counts } | UpdateState::Stale { counts, .. } => Some(*counts),
            UpdateState::Error { counts, .. } => *counts,
            UpdateState::Unknown { .. } | UpdateState::Unsupported { .. } => None,
        };
        Self {
            counts,
            online: matches!(row.agent, AgentState::Online { .. }),
        }
    }
}

fn answers(link: &Link) -> bool {
    matches!(link, Link::Online | Link::Partly { .. })
}
