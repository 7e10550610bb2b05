//! The icon's picture with a number on it. Drawn here, since no desktop has a badge that works on all of them.

use std::io::Cursor;

/// The flag without a number; 44 px are what a screen of double density shows at 22.
const FLAG: &[u8] = include_bytes!("../../../icons/tray-44.png");

/// Digits, 3 wide and 5 high, a row of bits each.
const DIGITS: [[u8; 5]; 10] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b111, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b010, 0b010, 0b010],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
];
const PLUS: [u8; 5] = [0b000, 0b010, 0b111, 0b010, 0b000];
/// Pixels for each bit of a digit.
const SCALE: usize = 4;
/// `sec` and `info` of the design's tokens, and what is written on them.
const SECURITY: [u8; 4] = [0xf6, 0xa0, 0x5c, 0xff];
const UPDATES: [u8; 4] = [0x74, 0xb4, 0xf4, 0xff];
const INK: [u8; 4] = [0x14, 0x15, 0x18, 0xff];

/// Rows of red, green, blue and alpha.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
}

/// None if the flag cannot be read, which a test would have shown.
pub(crate) fn draw(security: u32, updates: u32) -> Option<Picture> {
    let mut picture = flag()?;
    let (number, colour) = match (security, updates) {
        (0, 0) => return Some(picture),
        (0, updates) => (updates, UPDATES),
        (security, _) => (security, SECURITY),
    };
    picture.badge(&glyphs(number), colour);
    Some(picture)
}

/// One or two digits; more than 99 is "9+", which still fits.
fn glyphs(number: u32) -> Vec<[u8; 5]> {
    let digit = |n: u32| DIGITS.get(n as usize % 10).copied().unwrap_or(PLUS);
    match number {
        0..10 => vec![digit(number)],
        10..100 => vec![digit(number / 10), digit(number)],
        _ => vec![digit(9), PLUS],
    }
}

fn flag() -> Option<Picture> {
    let mut reader = png::Decoder::new(Cursor::new(FLAG)).read_info().ok()?;
    let mut pixels = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut pixels).ok()?;
    pixels.truncate(frame.buffer_size());
    (frame.color_type == png::ColorType::Rgba).then_some(Picture {
        width: frame.width as usize,
        height: frame.height as usize,
        pixels,
    })
}

impl Picture {
    /// A plate with digits in the lower right corner.
    fn badge(&mut self, glyphs: &[[u8; 5]], colour: [u8; 4]) {
        let inner = glyphs.len() * 4 * SCALE - SCALE;
        let (width, height) = (inner + 2 * SCALE, 7 * SCALE);
        let left = self.width.saturating_sub(width);
        let top = self.height.saturating_sub(height);
        for y in 0..height {
            for x in 0..width {
                // Corners cut by two pixels look round at this size.
                let edge = x.min(width - 1 - x) + y.min(height - 1 - y);
                if edge >= 2 {
                    self.set(left + x, top + y, colour);
                }
            }
        }
        for (at, glyph) in glyphs.iter().enumerate() {
            let from = left + SCALE + at * 4 * SCALE;
            for (row, bits) in glyph.iter().enumerate() {
                for column in 0..3 {
                    if bits & (0b100 >> column) != 0 {
                        self.block(from + column * SCALE, top + SCALE + row * SCALE);
                    }
                }
            }
        }
    }

    fn block(&mut self, left: usize, top: usize) {
        for y in 0..SCALE {
            for x in 0..SCALE {
                self.set(left + x, top + y, INK);
            }
        }
    }

    fn set(&mut self, x: usize, y: usize, colour: [u8; 4]) {
        let at = (y * self.width + x) * 4;
        if x < self.width
            && let Some(pixel) = self.pixels.get_mut(at..at + 4)
        {
            pixel.copy_from_slice(&colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(picture: &Picture, colour: [u8; 4]) -> bool {
        picture.pixels.chunks_exact(4).any(|pixel| pixel == colour)
    }

    #[test]
    fn security_updates_come_first() {
        let plain = draw(0, 0).expect("the flag is read");
        assert!(!has(&plain, SECURITY) && !has(&plain, UPDATES));
        let updates = draw(0, 7).expect("drawn");
        assert!(has(&updates, UPDATES) && !has(&updates, SECURITY));
        let security = draw(2, 7).expect("drawn");
        assert!(has(&security, SECURITY) && !has(&security, UPDATES));
        assert_ne!(draw(2, 7), draw(3, 7), "the number is drawn");
        assert_eq!(draw(100, 100), draw(5000, 5000), "9+");
    }
}
