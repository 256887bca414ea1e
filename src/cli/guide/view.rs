//! What a person did on a page that is drawn: which choice is marked, what was typed, how far it was scrolled.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::cli::guide::page::{Answer, Page};

/// A page as it stands on the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    /// The choice that is marked.
    pub chosen: usize,
    /// What was typed.
    pub typed: String,
    /// Lines of the facts that are above the screen.
    pub scrolled: usize,
}

/// What a key means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    /// The page looks different, or not even that.
    Nothing,
    /// The page is answered.
    Answer(Answer),
    /// The guide ends.
    Leave,
}

/// Whether a key is Ctrl and this letter.
pub(super) fn is_control(key: &KeyEvent, letter: char) -> bool {
    key.code == KeyCode::Char(letter) && key.modifiers.contains(KeyModifiers::CONTROL)
}

impl View {
    /// Nothing was done yet.
    pub fn of(page: &Page) -> Self {
        let typed = page.field.as_ref().map(|field| field.text.clone()).unwrap_or_default();
        Self { chosen: page.usual, typed, scrolled: 0 }
    }

    /// Takes a key. `rows` are scrolled at once.
    pub fn press(&mut self, key: &KeyEvent, page: &Page, rows: usize) -> Pressed {
        if key.kind == KeyEventKind::Release {
            return Pressed::Nothing;
        }
        let last = page.choices.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc => return Pressed::Answer(Answer::Back),
            KeyCode::Enter => return self.enter(page),
            KeyCode::Up if page.choices.is_empty() => self.scrolled = self.scrolled.saturating_sub(1),
            KeyCode::Down if page.choices.is_empty() => self.scrolled += 1,
            KeyCode::Up => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Down => self.chosen = (self.chosen + 1).min(last),
            KeyCode::Home => self.chosen = 0,
            KeyCode::End => self.chosen = last,
            KeyCode::PageUp => self.scrolled = self.scrolled.saturating_sub(rows),
            KeyCode::PageDown => self.scrolled += rows,
            KeyCode::Backspace => drop(self.typed.pop()),
            KeyCode::Char('c') if is_control(key, 'c') => return Pressed::Leave,
            KeyCode::Char('u') if is_control(key, 'u') => self.typed.clear(),
            KeyCode::Char('q') if page.field.is_none() => return Pressed::Leave,
            KeyCode::Char(letter)
                if page.field.is_some() && !key.modifiers.contains(KeyModifiers::CONTROL) =>
            {
                self.typed.push(letter);
            }
            _ => {}
        }
        Pressed::Nothing
    }

    fn enter(&self, page: &Page) -> Pressed {
        Pressed::Answer(match &page.field {
            Some(_) if page.choices.is_empty() || !self.typed.trim().is_empty() => {
                Answer::Text(self.typed.clone())
            }
            _ => Answer::Choice(self.chosen),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::guide::page::{Choice, Field};

    fn press(view: &mut View, page: &Page, code: KeyCode) -> Pressed {
        view.press(&KeyEvent::new(code, KeyModifiers::NONE), page, 10)
    }

    #[test]
    fn letters_are_typed_where_something_can_be_typed_and_else_q_leaves() {
        let choices = vec![Choice::new("a"), Choice::new("b")];
        let list = Page { choices, ..Page::default() };
        let both = Page { field: Some(Field::new("Path")), ..list.clone() };
        let mut view = View::of(&both);
        assert_eq!(press(&mut view, &both, KeyCode::Down), Pressed::Nothing);
        assert_eq!(press(&mut view, &both, KeyCode::Enter), Pressed::Answer(Answer::Choice(1)));
        assert_eq!(press(&mut view, &both, KeyCode::Char('q')), Pressed::Nothing);
        assert_eq!(press(&mut view, &both, KeyCode::Enter), Pressed::Answer(Answer::Text("q".into())));
        assert_eq!(press(&mut view, &both, KeyCode::Backspace), Pressed::Nothing);
        assert_eq!(press(&mut view, &both, KeyCode::Enter), Pressed::Answer(Answer::Choice(1)));
        let mut view = View::of(&list);
        assert_eq!(press(&mut view, &list, KeyCode::Char('q')), Pressed::Leave);
        assert_eq!(press(&mut view, &list, KeyCode::Esc), Pressed::Answer(Answer::Back));
        let control = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(view.press(&control, &both, 10), Pressed::Leave);
    }

    #[test]
    fn the_mark_stays_within_the_list() {
        let page = Page { choices: vec![Choice::new("a"), Choice::new("b")], ..Page::default() };
        let mut view = View::of(&page);
        press(&mut view, &page, KeyCode::Up);
        assert_eq!(view.chosen, 0);
        for _ in 0..3 {
            press(&mut view, &page, KeyCode::Down);
        }
        assert_eq!(view.chosen, 1);
    }
}
