//! How things look: one style for each meaning, from the sixteen ANSI colours that every terminal
//! theme tunes to its own background. Never sets a background, and never says anything by colour
//! alone: without colour the same meanings are told by weight, slant and signs.

use ratatui::style::{Color, Modifier, Style};

use super::highlight::Token;

/// The styles of one run of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Whether colours may be used; modifiers such as bold always are.
    pub colour: bool,
}

impl Theme {
    fn coloured(self, colour: Color, modifier: Modifier) -> Style {
        let style = Style::new().add_modifier(modifier);
        if self.colour { style.fg(colour) } else { style }
    }

    /// Headings and names.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Rules, key hints and other furniture.
    pub fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Code inside a sentence. Without colour the writer keeps the backticks.
    pub fn code(self) -> Style {
        self.coloured(Color::Cyan, Modifier::empty())
    }

    /// The option under the cursor, and what has been chosen.
    pub fn chosen(self) -> Style {
        self.coloured(Color::Cyan, Modifier::BOLD)
    }

    /// A message to the person.
    pub fn message(self) -> Style {
        self.coloured(Color::Magenta, Modifier::BOLD)
    }

    /// What is right; only after the test.
    pub fn right(self) -> Style {
        self.coloured(Color::Green, Modifier::BOLD)
    }

    /// What the person answered; only after the test.
    pub fn mine(self) -> Style {
        self.coloured(Color::Magenta, Modifier::empty())
    }

    /// A piece of code of that kind.
    pub fn token(self, token: Token) -> Style {
        match token {
            Token::Plain => Style::new(),
            Token::Comment => self.coloured(Color::Reset, Modifier::ITALIC | Modifier::DIM),
            Token::Keyword => self.coloured(Color::Magenta, Modifier::BOLD),
            Token::Text => self.coloured(Color::Green, Modifier::empty()),
            Token::Value | Token::Name => self.coloured(Color::Cyan, Modifier::empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_no_style_names_one() {
        // Goal: NO_COLOR means no colour at all. Method: every style of the colourless theme.
        let theme = Theme { colour: false };
        let tokens = [Token::Plain, Token::Comment, Token::Keyword, Token::Text, Token::Value];
        let mut styles: Vec<Style> = tokens.iter().map(|token| theme.token(*token)).collect();
        styles.extend([theme.strong(), theme.faint(), theme.code(), theme.chosen()]);
        styles.extend([theme.message(), theme.right(), theme.mine()]);
        assert!(styles.iter().all(|style| style.fg.is_none() && style.bg.is_none()), "{styles:?}");
        assert_eq!(Theme { colour: true }.right().fg, Some(Color::Green));
    }
}
