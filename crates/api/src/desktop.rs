//! The commands about the program itself: what the user has chosen, its database, and the load of a guest.

use std::sync::PoisonError;

use domain::{Timestamp, preferences::Preferences};

use crate::{
    App, Code, Error,
    dto::{
        AppInfo, Backup, ChangePassphrase, DataInfo, Load, LoadOf, LoadPoint, Nothing, TimeFrame,
        TrayState, WhichBackup,
    },
};

impl From<TimeFrame> for engine::TimeFrame {
    fn from(frame: TimeFrame) -> Self {
        match frame {
            TimeFrame::Hour => Self::Hour,
            TimeFrame::Day => Self::Day,
            TimeFrame::Week => Self::Week,
            TimeFrame::Month => Self::Month,
            TimeFrame::Year => Self::Year,
        }
    }
}

impl From<engine::Backup> for Backup {
    fn from(copy: engine::Backup) -> Self {
        Self {
            name: copy.name,
            at: copy.at,
            bytes: copy.bytes,
        }
    }
}

impl App {
    /// What the user has chosen; also for the host.
    pub fn chosen(&self) -> Preferences {
        self.engine.preferences()
    }

    /// Changes what the user has chosen.
    ///
    /// # Errors
    /// [`Code::BadInput`] for what makes no sense.
    pub async fn choose(
        &self,
        change: impl FnOnce(Preferences) -> Preferences + Send,
    ) -> Result<Preferences, Error> {
        Ok(self.engine.prefer(change).await?)
    }

    /// Said by the host: whether there is an icon of RedFlag in the tray.
    pub fn show_tray(&self, tray: TrayState) {
        *self.tray.lock().unwrap_or_else(PoisonError::into_inner) = tray;
    }

    /// The fleet as it stands; for the host's icon and messages.
    pub fn fleet(&self) -> domain::fleet::Fleet {
        self.engine.snapshot().1
    }

    /// Begins a scan of everything; for the host's menu.
    ///
    /// # Errors
    /// [`Code::Conflict`] when nothing can be scanned now.
    pub async fn scan_all(&self) -> Result<(), Error> {
        let fleet = [domain::operation::Target::Fleet];
        self.engine.start_scan(&fleet).await?;
        Ok(())
    }

    pub(crate) async fn preferences(&self, _: Nothing) -> Result<Preferences, Error> {
        Ok(self.chosen())
    }

    pub(crate) async fn set_preferences(&self, wanted: Preferences) -> Result<Preferences, Error> {
        self.choose(|_| wanted).await
    }

    pub(crate) async fn data_info(&self, _: Nothing) -> Result<DataInfo, Error> {
        let kept = self.engine.kept()?;
        Ok(DataInfo {
            folder: self.data_dir.display().to_string(),
            bytes: kept.bytes,
            backups: kept.backups.into_iter().map(Backup::from).collect(),
            restore: kept.restore,
        })
    }

    pub(crate) async fn make_backup(&self, _: Nothing) -> Result<Backup, Error> {
        Ok(self.engine.back_up().await?.into())
    }

    pub(crate) async fn restore_backup(&self, request: WhichBackup) -> Result<Nothing, Error> {
        self.engine.restore_at_start(&request.name).await?;
        Ok(Nothing {})
    }

    pub(crate) async fn change_passphrase(
        &self,
        request: ChangePassphrase,
    ) -> Result<AppInfo, Error> {
        let current = request.current.as_ref().ok_or_else(|| {
            Error::new(Code::BadInput, "The present passphrase is missing")
                .next("Enter it beside the new one.")
        })?;
        let (old, new) = (self.secret(current)?, self.secret(&request.next)?);
        self.engine.change_passphrase(old, new).await?;
        self.forget(current);
        self.forget(&request.next);
        self.app_info(Nothing {}).await
    }

    pub(crate) async fn guest_load(&self, request: LoadOf) -> Result<Load, Error> {
        let found = self
            .engine
            .guest_load(request.guest, request.frame.into())
            .await?;
        let point = |point: engine::LoadPoint| {
            let seconds = i64::try_from(point.time?).ok()?;
            Some(LoadPoint {
                at: Timestamp(seconds.checked_mul(1000)?),
                cpu: point.cpu,
                memory: point.mem,
                memory_total: point.maxmem,
                disk_read: point.diskread,
                disk_write: point.diskwrite,
                net_in: point.netin,
                net_out: point.netout,
            })
        };
        Ok(Load {
            points: found.into_iter().filter_map(point).collect(),
        })
    }
}
