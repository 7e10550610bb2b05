//! What the user has chosen about looks and messages: one value in the store, told to every listener when it changes.

use std::sync::{Mutex, PoisonError};

use domain::preferences::Preferences;

use crate::{Engine, Error, Kind, clock, feed::Body};

pub(crate) const SETTING: &str = "preferences";

/// As they stand.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    now: Mutex<Preferences>,
    /// One change at a time, so that what is stored last is what is told last.
    changing: tokio::sync::Mutex<()>,
}

impl Chosen {
    /// Reads what the text of the store says. What cannot be read is left there until the user chooses anew.
    pub(crate) fn read(text: Option<&str>) -> Self {
        let read = text.map(serde_json::from_str).transpose();
        let chosen = read.unwrap_or_else(|error| {
            tracing::warn!(%error, "what the user has chosen cannot be read; everything is as usual");
            None
        });
        Self {
            now: Mutex::new(chosen.unwrap_or_default()),
            changing: tokio::sync::Mutex::default(),
        }
    }

    fn get(&self) -> Preferences {
        self.now
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Engine {
    /// What the user has chosen.
    pub fn preferences(&self) -> Preferences {
        self.0.chosen.get()
    }

    /// Changes what the user has chosen, and tells it.
    ///
    /// # Errors
    /// [`Kind::BadInput`] for what makes no sense; nothing is changed then.
    pub async fn prefer(
        &self,
        change: impl FnOnce(Preferences) -> Preferences + Send,
    ) -> Result<Preferences, Error> {
        let chosen = &self.0.chosen;
        let _one = chosen.changing.lock().await;
        let before = chosen.get();
        let next = change(before.clone());
        next.check()
            .map_err(|why| Error::new(Kind::BadInput, why))?;
        if next == before {
            return Ok(next);
        }
        let text = serde_json::to_string(&next).map_err(|error| {
            Error::new(Kind::Internal, "What was chosen cannot be written").words(error.to_string())
        })?;
        self.0.store.set_setting(SETTING, &text).await?;
        *chosen.now.lock().unwrap_or_else(PoisonError::into_inner) = next.clone();
        let told = Body::Preferences {
            preferences: Box::new(next.clone()),
        };
        self.0.feed.tell(told, clock::now());
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_as_usual() {
        assert_eq!(Chosen::read(None).get(), Preferences::default());
        assert_eq!(Chosen::read(Some("{")).get(), Preferences::default());
        let dark = Chosen::read(Some(r#"{"look":{"theme":"dark"}}"#)).get();
        assert_eq!(dark.look.theme, domain::preferences::Theme::Dark);
    }
}
