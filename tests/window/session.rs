//! A desktop's panel and its messages, as far as a program can tell: both record what they are given, and do what a user
//! would do with it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use anyhow::Context as _;
use zbus::{
    Connection, Proxy, connection, fdo, interface,
    message::Header,
    object_server::SignalEmitter,
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

use super::{SOON, screen::Screen};

const WATCHER: &str = "/StatusNotifierWatcher";
const MESSAGES: &str = "/org/freedesktop/Notifications";

/// One message, as it was to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: u32,
    pub title: String,
    pub body: String,
    /// 0 to 2.
    pub urgency: u8,
}

#[derive(Default)]
struct Record {
    /// Bus names of programs that asked for an icon.
    items: Vec<String>,
    messages: Vec<Message>,
}

type Shared = Arc<Mutex<Record>>;

fn lock(record: &Shared) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Watcher(Shared);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    async fn register_status_notifier_item(
        &self,
        service: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> fdo::Result<()> {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        lock(&self.0).items.push(sender);
        emitter.status_notifier_item_registered(&service).await?;
        Ok(())
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        lock(&self.0).items.clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(signal)]
    async fn status_notifier_item_registered(
        emitter: &SignalEmitter<'_>,
        service: &str,
    ) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn status_notifier_host_registered(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

struct Notifications(Shared);

#[interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[expect(
        clippy::too_many_arguments,
        reason = "so many does the specification give it"
    )]
    fn notify(
        &self,
        _program: String,
        replaces: u32,
        _icon: String,
        title: String,
        body: String,
        _actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _expires: i32,
    ) -> u32 {
        let mut record = lock(&self.0);
        let id = match replaces {
            0 => u32::try_from(record.messages.len()).unwrap_or(0) + 1,
            replaced => replaced,
        };
        let urgency = hints
            .get("urgency")
            .and_then(|hint| u8::try_from(hint).ok());
        record.messages.push(Message {
            id,
            title,
            body,
            urgency: urgency.unwrap_or(1),
        });
        id
    }

    fn close_notification(&self, _id: u32) {}

    fn get_capabilities(&self) -> Vec<String> {
        ["body", "actions"].map(str::to_owned).to_vec()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let words = ["double", "tests", "1", "1.2"].map(str::to_owned);
        words.into()
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action: &str)
    -> zbus::Result<()>;
}

/// The panel of a desktop and its service of messages, on the bus of a screen.
pub struct Session {
    bus: Connection,
    record: Shared,
}

impl Session {
    /// Takes both names on the screen's bus.
    pub async fn start(screen: &Screen) -> anyhow::Result<Self> {
        let record = Shared::default();
        let bus = connection::Builder::address(screen.bus_address())?
            .name("org.kde.StatusNotifierWatcher")?
            .name("org.freedesktop.Notifications")?
            .serve_at(WATCHER, Watcher(Arc::clone(&record)))?
            .serve_at(MESSAGES, Notifications(Arc::clone(&record)))?
            .build()
            .await?;
        Ok(Self { bus, record })
    }

    /// The messages so far.
    pub fn messages(&self) -> Vec<Message> {
        lock(&self.record).messages.clone()
    }

    /// Waits for a message that `wanted` picks.
    pub async fn message(
        &self,
        what: &str,
        wanted: impl Fn(&Message) -> bool,
    ) -> anyhow::Result<Message> {
        let find = || async { self.messages().into_iter().find(|message| wanted(message)) };
        let found = until(find).await;
        found.with_context(|| format!("no message {what} among {:?}", self.messages()))
    }

    /// Clicks on a message.
    pub async fn click(&self, message: &Message) -> anyhow::Result<()> {
        let server = self.bus.object_server();
        let shown = server.interface::<_, Notifications>(MESSAGES).await?;
        Notifications::action_invoked(shown.signal_emitter(), message.id, "default").await?;
        Ok(())
    }

    /// The icon of the newest program that asked for one.
    pub async fn icon(&self) -> anyhow::Result<IconOnPanel> {
        let name = || async { lock(&self.record).items.last().cloned() };
        let name = until(name).await.context("no program asked for an icon")?;
        Ok(IconOnPanel {
            bus: self.bus.clone(),
            name,
        })
    }
}

async fn until<T, F: Future<Output = Option<T>>>(find: impl Fn() -> F) -> Option<T> {
    let deadline = Instant::now() + SOON;
    loop {
        let found = find().await;
        if found.is_some() || Instant::now() > deadline {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// An icon in the panel, with its menu.
pub struct IconOnPanel {
    bus: Connection,
    name: String,
}

type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
type ToolTip = (String, Vec<(i32, i32, Vec<u8>)>, String, String);

impl IconOnPanel {
    async fn item(&self) -> anyhow::Result<Proxy<'static>> {
        let interface = "org.kde.StatusNotifierItem";
        let builder = zbus::proxy::Builder::new(&self.bus)
            .destination(self.name.clone())?
            .path("/StatusNotifierItem")?
            .interface(interface)?
            // What is asked for is asked of the program each time.
            .cache_properties(zbus::proxy::CacheProperties::No);
        Ok(builder.build().await?)
    }

    /// The words beside the pointer.
    pub async fn text(&self) -> anyhow::Result<String> {
        let (_, _, _, text): ToolTip = self.item().await?.get_property("ToolTip").await?;
        Ok(text)
    }

    /// Waits until the words are so.
    pub async fn says(&self, wanted: &str) -> anyhow::Result<()> {
        let says = || async { (self.text().await.ok()?.contains(wanted)).then_some(()) };
        let found = until(says).await;
        let text = self.text().await.unwrap_or_default();
        found.with_context(|| format!("the icon says {text:?}, not {wanted:?}"))
    }

    /// Width, height and bytes of its picture: alpha, red, green, blue.
    pub async fn picture(&self) -> anyhow::Result<(i32, i32, Vec<u8>)> {
        let all: Vec<(i32, i32, Vec<u8>)> = self.item().await?.get_property("IconPixmap").await?;
        all.into_iter().next().context("the icon has no picture")
    }

    /// A click with the left button.
    pub async fn activate(&self) -> anyhow::Result<()> {
        Ok(self.item().await?.call("Activate", &(0, 0)).await?)
    }

    async fn menu(&self) -> anyhow::Result<Proxy<'static>> {
        let path: OwnedObjectPath = self.item().await?.get_property("Menu").await?;
        let builder = zbus::proxy::Builder::new(&self.bus)
            .destination(self.name.clone())?
            .path(path)?
            .interface("com.canonical.dbusmenu")?;
        Ok(builder.build().await?)
    }

    async fn entries(&self) -> anyhow::Result<Vec<(i32, String)>> {
        let menu = self.menu().await?;
        let none: Vec<&str> = Vec::new();
        let (_, (_, _, children)): (u32, Layout) =
            menu.call("GetLayout", &(0_i32, -1_i32, none)).await?;
        let entry = |child: OwnedValue| {
            let (id, mut properties, _): Layout = child.try_into().ok()?;
            let label = properties.remove("label")?;
            Some((id, String::try_from(label).ok()?))
        };
        Ok(children.into_iter().filter_map(entry).collect())
    }

    /// The words of its menu.
    pub async fn labels(&self) -> anyhow::Result<Vec<String>> {
        let entries = self.entries().await?;
        Ok(entries.into_iter().map(|(_, label)| label).collect())
    }

    /// Chooses from its menu.
    pub async fn choose(&self, label: &str) -> anyhow::Result<()> {
        let entries = self.entries().await?;
        let found = entries.iter().find(|(_, one)| one == label);
        let (id, _) = found.with_context(|| format!("{label:?} is not in {entries:?}"))?;
        let nothing = Value::from(0_i32);
        let menu = self.menu().await?;
        Ok(menu
            .call("Event", &(*id, "clicked", nothing, 0_u32))
            .await?)
    }
}
