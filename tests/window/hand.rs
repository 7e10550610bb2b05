//! How a test touches the window: with the mouse, or with the keyboard alone. What is meant is the same for both, so that
//! every journey can be gone twice.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use serde_json::json;

use super::{SOON, Window};

/// Presses of Tab or an arrow before something counts as out of reach.
const FAR: u32 = 400;

/// What the mouse hits in a row of the tree.
pub const HEADER: &str = " [role=rowheader]";

/// Keys by their WebDriver names.
pub mod key {
    pub const ENTER: char = '\u{E007}';
    pub const TAB: char = '\u{E004}';
    pub const SPACE: char = ' ';
    pub const SHIFT: char = '\u{E008}';
    pub const CONTROL: char = '\u{E009}';
    pub const ESCAPE: char = '\u{E00C}';
    pub const HOME: char = '\u{E011}';
    pub const LEFT: char = '\u{E012}';
    pub const UP: char = '\u{E013}';
    pub const RIGHT: char = '\u{E014}';
    pub const DOWN: char = '\u{E015}';
    pub const F10: char = '\u{E03A}';
}

/// What the test's user does, and how often he has done something.
#[derive(Debug, Default)]
pub struct Hand {
    keys: AtomicBool,
    steps: AtomicU32,
}

impl Hand {
    /// From now on nothing is done with the mouse.
    pub fn keys_alone(&self) {
        self.keys.store(true, Ordering::Relaxed);
    }

    pub fn is_keys(&self) -> bool {
        self.keys.load(Ordering::Relaxed)
    }

    /// A click, or a field that was filled, or an entry that was chosen.
    pub fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// Steps so far.
    pub fn steps(&self) -> u32 {
        self.steps.load(Ordering::Relaxed)
    }
}

impl Window {
    /// Presses keys together, in this order, and lets them go.
    pub async fn press(&self, keys: &[char]) -> anyhow::Result<()> {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for key in keys {
            actions = actions.then(KeyAction::Down { value: *key });
        }
        for key in keys.iter().rev() {
            actions = actions.then(KeyAction::Up { value: *key });
        }
        self.client().perform_actions(actions).await?;
        Ok(())
    }

    /// Types letters where the focus is.
    pub async fn type_text(&self, text: &str) -> anyhow::Result<()> {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for letter in text.chars() {
            actions = actions
                .then(KeyAction::Down { value: letter })
                .then(KeyAction::Up { value: letter });
        }
        self.client().perform_actions(actions).await?;
        Ok(())
    }

    /// Whether the focus is on that element, or the list that has it points to it.
    async fn is_at(&self, selector: &str) -> anyhow::Result<bool> {
        let at = self
            .evaluate(
                "const here = document.activeElement;
                 const pointed = here?.getAttribute('aria-activedescendant');
                 const found = pointed === null || pointed === undefined ? here : document.getElementById(pointed);
                 return found !== null && found.matches(arguments[0])",
                vec![json!(selector)],
            )
            .await?;
        Ok(at == json!(true))
    }

    /// Brings the focus to an element by Tab, and inside a list, menu or tree by its arrows.
    pub async fn reach(&self, selector: &str) -> anyhow::Result<()> {
        // What is entered with one Tab and then walked through.
        let inside = self
            .evaluate(
                "const wanted = document.querySelector(arguments[0]);
                 const list = wanted?.closest('[role=menu],[role=menubar],[role=tablist],[role=radiogroup],[role=listbox],[role=treegrid],[role=grid]');
                 if (list === null || list === undefined) return null;
                 for (const old of document.querySelectorAll('[data-test-list]')) delete old.dataset.testList;
                 list.dataset.testList = 'yes';
                 return list.getAttribute('role')",
                vec![json!(selector)],
            )
            .await?;
        let list = inside.as_str().map(str::to_owned);
        let within = "[data-test-list], [data-test-list] *";
        if list.as_deref() == Some("menu") {
            // A menu takes the focus a moment after it is there, and Tab would close it.
            let begun = Instant::now();
            while begun.elapsed() < SOON && !self.is_at(within).await? {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        for _ in 0..FAR {
            if self.is_at(selector).await? {
                return Ok(());
            }
            if list.is_some() && self.is_at(within).await? {
                return self
                    .walk(selector, list.as_deref().unwrap_or_default())
                    .await;
            }
            self.press(&[key::TAB]).await?;
        }
        anyhow::bail!(
            "{selector} cannot be reached by the keyboard; the page says:\n{}",
            self.text().await.unwrap_or_default()
        )
    }

    /// Walks through a list to one of its entries.
    async fn walk(&self, selector: &str, role: &str) -> anyhow::Result<()> {
        let next = match role {
            "tablist" | "radiogroup" | "menubar" => key::RIGHT,
            _ => key::DOWN,
        };
        if matches!(role, "treegrid" | "grid" | "tablist") {
            // These do not go round.
            self.press(&[key::CONTROL, key::HOME]).await?;
            self.press(&[key::HOME]).await?;
        }
        for _ in 0..FAR {
            if self.is_at(selector).await? {
                return Ok(());
            }
            self.press(&[next]).await?;
        }
        anyhow::bail!("{selector} cannot be reached by the arrows of its {role}")
    }

    /// As a click, by the keyboard.
    pub async fn enter(&self, selector: &str) -> anyhow::Result<()> {
        // In the tree rows come before their cells.
        let selector = selector.strip_suffix(HEADER).unwrap_or(selector);
        self.reach(selector)
            .await
            .with_context(|| format!("on the way to {selector}"))?;
        let ticked = self
            .evaluate(
                "const kinds = '[role=checkbox],[role=radio],[role=switch],input[type=checkbox],input[type=radio]';
                 return document.activeElement.matches(kinds)",
                vec![],
            )
            .await?;
        let key = if ticked == json!(true) {
            key::SPACE
        } else {
            key::ENTER
        };
        self.press(&[key]).await
    }
}
