//! What is on the page: found by `data-testid`, always waited for, never slept for.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use fantoccini::{
    Locator,
    actions::{InputSource as _, MOUSE_BUTTON_RIGHT, MouseActions, PointerAction},
    elements::Element,
};
use serde_json::{Value, json};

use super::{
    SOON, Window,
    hand::{HEADER, key},
};

/// How often a condition is looked at.
const GLANCE: Duration = Duration::from_millis(50);

/// The selector of an element by its `data-testid`.
pub fn by_id(id: &str) -> String {
    format!("[data-testid=\"{id}\"]")
}

impl Window {
    /// Waits until a script's function body answers something that is not null, undefined, false or "".
    pub async fn until(
        &self,
        what: &str,
        limit: Duration,
        script: &str,
        arguments: Vec<Value>,
    ) -> anyhow::Result<Value> {
        let deadline = Instant::now() + limit;
        loop {
            let answer = self.evaluate(script, arguments.clone()).await?;
            let nothing = matches!(&answer, Value::Null | Value::Bool(false))
                || answer.as_str().is_some_and(str::is_empty);
            if !nothing {
                return Ok(answer);
            }
            if Instant::now() > deadline {
                let picture = self.failure_picture(what).await;
                anyhow::bail!(
                    "{what} did not come within {} s{picture}; the page says:\n{}",
                    limit.as_secs(),
                    self.text().await.unwrap_or_default()
                );
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    async fn failure_picture(&self, what: &str) -> String {
        let Some(folder) = std::env::var_os("REDFLAG_TEST_OUTPUT") else {
            return String::new();
        };
        let name: String = what
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let file = std::path::Path::new(&folder).join(format!("failed-{name}.png"));
        match self.screenshot(&file).await {
            Ok(()) => format!(" (picture: {})", file.display()),
            Err(_) => String::new(),
        }
    }

    /// All text of the page, as a person sees it.
    pub async fn text(&self) -> anyhow::Result<String> {
        let text = self
            .evaluate("return document.body.innerText", vec![])
            .await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits for an element and answers it.
    pub async fn find(&self, selector: &str) -> anyhow::Result<Element> {
        self.until(
            selector,
            SOON,
            "const found = document.querySelector(arguments[0]);
             return found !== null && found.getClientRects().length > 0",
            vec![json!(selector)],
        )
        .await?;
        self.client()
            .find(Locator::Css(selector))
            .await
            .with_context(|| selector.to_owned())
    }

    /// Waits until an element can be used and clicks it.
    pub async fn click(&self, id: &str) -> anyhow::Result<()> {
        self.click_on(&by_id(id)).await
    }

    /// The same for any selector.
    pub async fn click_on(&self, selector: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + SOON;
        loop {
            self.until(
                &format!("{selector} to be enabled"),
                SOON,
                "const found = document.querySelector(arguments[0]);
                 return found !== null && !found.matches(':disabled, [aria-disabled=true]')",
                vec![json!(selector)],
            )
            .await?;
            let element = self.find(selector).await?;
            if self.hand.is_keys() {
                self.enter(selector).await?;
                self.hand.step();
                return Ok(());
            }
            // The page may draw it anew, or move it, between finding and clicking.
            match element.click().await {
                Ok(()) => {
                    self.hand.step();
                    return Ok(());
                }
                Err(error) if Instant::now() > deadline => {
                    return Err(error).with_context(|| format!("clicking {selector}"));
                }
                Err(_) => tokio::time::sleep(GLANCE).await,
            }
        }
    }

    /// Clicks the button, menu item or tab whose visible words begin with `words`.
    pub async fn click_words(&self, words: &str) -> anyhow::Result<()> {
        self.until(
            &format!("something to click that says {words}"),
            SOON,
            "const kinds = 'button, [role=button], [role=menuitem], [role=tab], [role=option], a';
             for (const old of document.querySelectorAll('[data-test-found]')) delete old.dataset.testFound;
             for (const found of document.querySelectorAll(kinds)) {
               const words = (found.innerText || found.getAttribute('aria-label') || '').trim();
               if (!words.startsWith(arguments[0]) || found.getClientRects().length === 0) continue;
               if (found.matches(':disabled, [aria-disabled=true]')) continue;
               found.dataset.testFound = 'yes';
               return true;
             }
             return false",
            vec![json!(words)],
        )
        .await?;
        self.client()
            .find(Locator::Css("[data-test-found]"))
            .await?
            .click()
            .await
            .with_context(|| format!("clicking {words:?}"))
    }

    /// Replaces what stands in a field.
    pub async fn fill(&self, id: &str, text: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + SOON;
        loop {
            // The page may draw the field anew in between: then it does not hear of the clearing, or it is another field.
            match self.typed(id, text).await {
                Ok(value) if value == text => {
                    self.hand.step();
                    return Ok(());
                }
                Ok(value) => anyhow::ensure!(
                    Instant::now() < deadline,
                    "{id} shows {} letters where {} were typed",
                    value.len(),
                    text.len()
                ),
                Err(error) if Instant::now() > deadline => {
                    return Err(error).with_context(|| format!("typing into {id}"));
                }
                Err(_) => tokio::time::sleep(GLANCE).await,
            }
        }
    }

    /// Clears a field and types into it once; what it shows then.
    async fn typed(&self, id: &str, text: &str) -> anyhow::Result<String> {
        let element = self.find(&by_id(id)).await?;
        if self.hand.is_keys() {
            self.reach(&by_id(id)).await?;
            self.press(&[key::CONTROL, 'a']).await?;
            self.type_text(text).await?;
        } else {
            element.clear().await?;
            element.send_keys(text).await?;
        }
        Ok(element.prop("value").await?.unwrap_or_default())
    }

    /// Opens the context menu of an element with the right mouse button, or of a row with its key.
    pub async fn right_click(&self, selector: &str) -> anyhow::Result<()> {
        let element = self.find(selector).await?;
        self.hand.step();
        if self.hand.is_keys() {
            let row = selector.strip_suffix(HEADER).unwrap_or(selector);
            self.reach(row).await?;
            return self.press(&[key::SHIFT, key::F10]).await;
        }
        let press = MouseActions::new("mouse".to_owned())
            .then(PointerAction::MoveToElement {
                element,
                duration: None,
                x: 0.,
                y: 0.,
            })
            .then(PointerAction::Down {
                button: MOUSE_BUTTON_RIGHT,
            })
            .then(PointerAction::Up {
                button: MOUSE_BUTTON_RIGHT,
            });
        self.client().perform_actions(press).await?;
        self.client().release_actions().await?;
        Ok(())
    }

    /// Waits until the page shows `words` somewhere.
    pub async fn shows(&self, words: &str, limit: Duration) -> anyhow::Result<()> {
        self.until(
            &format!("the words {words:?}"),
            limit,
            "return document.body.innerText.includes(arguments[0])",
            vec![json!(words)],
        )
        .await
        .map(drop)
    }

    /// Waits until an element's text contains `words`, and answers the whole of it.
    pub async fn reads(
        &self,
        selector: &str,
        words: &str,
        limit: Duration,
    ) -> anyhow::Result<String> {
        let text = self
            .until(
                &format!("{words:?} in {selector}"),
                limit,
                "const found = document.querySelector(arguments[0]);
                 return found !== null && found.innerText.includes(arguments[1]) && found.innerText",
                vec![json!(selector), json!(words)],
            )
            .await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until no such element is there any more.
    pub async fn gone(&self, selector: &str, limit: Duration) -> anyhow::Result<()> {
        self.until(
            &format!("the end of {selector}"),
            limit,
            "return document.querySelector(arguments[0]) === null",
            vec![json!(selector)],
        )
        .await
        .map(drop)
    }
}
