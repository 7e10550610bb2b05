//! What hosts may ask about clusters and the way into their nodes.

use domain::{
    ClusterId, GuestId, NodeKey, NodeName,
    access::{AccessEntry, AccessKey, AccessWay, Road},
    facts::NodeFacts,
    host::{Fingerprint, HostKey},
};
use pve::CreatedToken;
use reach::NodeAddress;
use secrecy::SecretString;

use crate::{
    Added, AddressAnswer, ClusterLife, Engine, Entered, Error, KnownFacts, Presented, Probed,
    Proposals, Removal, Summary, TokenReport,
};

impl Engine {
    /// Looks at a cluster's certificate; trusts nothing.
    ///
    /// # Errors
    /// An address that is none, or that does not answer as Proxmox does.
    pub async fn probe_cluster(&self, address: &str) -> Result<Probed, Error> {
        self.0.probe_cluster(address).await
    }

    /// Tries a token and tells what it may do.
    ///
    /// # Errors
    /// A refused token, another certificate, no answer.
    pub async fn check_token(
        &self,
        address: &str,
        accepted: Fingerprint,
        token_id: &str,
        secret: SecretString,
    ) -> Result<TokenReport, Error> {
        self.0
            .check_token(address, accepted, token_id, secret)
            .await
    }

    /// Makes RedFlag's own role, user and token; the login is forgotten with the call.
    ///
    /// # Errors
    /// A refused login, a second factor, missing rights of the account.
    pub async fn create_token(
        &self,
        address: &str,
        accepted: Fingerprint,
        user: &str,
        password: SecretString,
    ) -> Result<CreatedToken, Error> {
        self.0.create_token(address, accepted, user, password).await
    }

    /// Adds a cluster, or finds that it is there already.
    ///
    /// # Errors
    /// As [`Engine::check_token`].
    pub async fn add_cluster(
        &self,
        address: &str,
        accepted: Fingerprint,
        token_id: &str,
        secret: SecretString,
        name: Option<String>,
    ) -> Result<Added, Error> {
        self.0
            .add_cluster(address, accepted, token_id, secret, name)
            .await
    }

    /// Reads a whole cluster now.
    ///
    /// # Errors
    /// [`Kind::NotFound`], or why the cluster gave no answer at all; single failures stand in the summary.
    pub async fn discover(&self, cluster: ClusterId) -> Result<Summary, Error> {
        self.0.discover(cluster).await
    }

    /// A cluster with what the tree does not show.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn cluster_life(&self, cluster: ClusterId) -> Result<ClusterLife, Error> {
        self.0.cluster_life(cluster).await
    }

    /// What Proxmox says of a guest's configuration, or said when it last answered.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn guest_facts(&self, guest: GuestId) -> Result<KnownFacts, Error> {
        self.0.guest_facts(guest).await
    }

    /// What a node says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn node_facts(&self, node: &NodeKey) -> Result<NodeFacts, Error> {
        self.0.node_facts(node).await
    }

    /// How a cluster answers, address by address.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn test_cluster(&self, cluster: ClusterId) -> Result<Vec<AddressAnswer>, Error> {
        self.0.test_cluster(cluster).await
    }

    /// Gives a cluster another name or other addresses.
    ///
    /// # Errors
    /// [`Kind::BadInput`] names the address that is none.
    pub async fn edit_cluster(
        &self,
        cluster: ClusterId,
        name: &str,
        addresses: &[String],
    ) -> Result<(), Error> {
        self.0.edit_cluster(cluster, name, addresses).await
    }

    /// Switches a cluster on or off; what is off is not asked and keeps its last picture.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn set_enabled(&self, cluster: ClusterId, enabled: bool) -> Result<(), Error> {
        self.0.set_enabled(cluster, enabled).await
    }

    /// Uses another token from now on, if it may do what is required; the report says what it may.
    ///
    /// # Errors
    /// A refused token: the old one stays.
    pub async fn rotate_token(
        &self,
        cluster: ClusterId,
        token_id: &str,
        secret: SecretString,
    ) -> Result<TokenReport, Error> {
        self.0.rotate_token(cluster, token_id, secret).await
    }

    /// What goes when a cluster is removed.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn removal(&self, cluster: ClusterId) -> Result<Removal, Error> {
        self.0.removal(cluster).await
    }

    /// Removes a cluster from RedFlag. Nothing is changed in Proxmox; agents stay installed.
    ///
    /// # Errors
    /// [`Kind::Conflict`] while operations run on it.
    pub async fn remove_cluster(&self, cluster: ClusterId) -> Result<(), Error> {
        self.0.remove_cluster(cluster).await
    }

    /// The certificate that a cluster shows now, beside the accepted ones.
    ///
    /// # Errors
    /// No address answers.
    pub async fn presented_certificate(&self, cluster: ClusterId) -> Result<Presented, Error> {
        self.0.presented_certificate(cluster).await
    }

    /// Accepts a certificate that was compared.
    ///
    /// # Errors
    /// [`Kind::IdentityChanged`] when the address shows yet another.
    pub async fn accept_certificate(
        &self,
        cluster: ClusterId,
        address: &str,
        accepted: Fingerprint,
    ) -> Result<(), Error> {
        self.0.accept_certificate(cluster, address, accepted).await
    }

    /// RedFlag's public SSH key, and a proposal for each node.
    ///
    /// # Errors
    /// Locked secrets.
    pub async fn access_proposals(&self, cluster: ClusterId) -> Result<Proposals, Error> {
        self.0.access_proposals(cluster).await
    }

    /// Lines for a node's shell that let a key in.
    ///
    /// # Errors
    /// A name or key that cannot stand in a command, a key that is not known.
    pub async fn access_setup(
        &self,
        entry: AccessEntry,
        user: &str,
        key: &AccessKey,
    ) -> Result<String, Error> {
        self.0.access_setup(entry, user, key).await
    }

    /// The roads into the guests of a cluster, or of one of its nodes, the best first. None where there is no guest.
    ///
    /// # Errors
    /// [`Kind::NotFound`], or why the cluster does not say what the token may do.
    pub async fn roads(
        &self,
        cluster: ClusterId,
        node: Option<&NodeName>,
    ) -> Result<Vec<Road>, Error> {
        self.0.roads(cluster, node).await
    }

    /// The host key that a node shows, and the accepted one where that is another.
    ///
    /// # Errors
    /// No sshd there.
    pub async fn probe_node(
        &self,
        key: &NodeKey,
        address: &NodeAddress,
        through: Option<&NodeName>,
    ) -> Result<(HostKey, Option<HostKey>), Error> {
        self.0.probe_node(key, address, through).await
    }

    /// Sets up and tries the way into a node.
    ///
    /// # Errors
    /// Refused login, changed host key, no answer.
    pub async fn save_access(
        &self,
        key: &NodeKey,
        address: NodeAddress,
        host_key: HostKey,
        way: AccessWay,
        password: Option<SecretString>,
    ) -> Result<Entered, Error> {
        self.0
            .save_access(key, address, host_key, way, password)
            .await
    }

    /// Gives up the way into a node; nothing is changed there.
    ///
    /// # Errors
    /// [`Kind::Conflict`] where none is set up, or another node is reached through this one.
    pub async fn forget_access(&self, key: &NodeKey) -> Result<(), Error> {
        self.0.forget_access(key).await
    }
}
