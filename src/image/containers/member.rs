//! Which file of an archive is meant.

use super::fault::Fault;
use crate::units::shown;

/// Names that a message shows.
const NAMES_SHOWN: usize = 6;
/// Bytes of a name that count: longer ones are cut in messages.
const NAME_SHOWN: usize = 100;

/// The choice among the files of an archive: the one that is asked for, or the only one. An archive in it may be asked for
/// something, too: then that stands behind one more `#`.
pub(super) struct Choice<'m> {
    asked: Option<&'m str>,
    count: u64,
    names: Vec<String>,
    /// Those that fit, and what is asked of what is in them.
    fitting: Vec<(u64, String, Option<&'m str>)>,
    /// The name of the one that was taken, and what is asked of what is in it.
    taken: Option<(String, Option<&'m str>)>,
}

impl<'m> Choice<'m> {
    /// What the user asks for: nothing, or a name.
    pub fn new(asked: Option<&'m str>) -> Self {
        Self { asked, count: 0, names: Vec::new(), fitting: Vec::new(), taken: None }
    }

    /// There is the file `name`, with this number.
    pub fn offer(&mut self, number: u64, name: &str) {
        self.count += 1;
        if self.names.len() < NAMES_SHOWN {
            self.names.push(short(name));
        }
        let rest = match self.asked {
            None => Some(None),
            Some(asked) => [name, &shown(name)].iter().find_map(|name| {
                let rest = asked.strip_prefix(*name)?;
                if rest.is_empty() { Some(None) } else { rest.strip_prefix('#').map(Some) }
            }),
        };
        // More than two are no other answer than two.
        if let Some(rest) = rest.filter(|_| self.fitting.len() < 2 * NAMES_SHOWN) {
            self.fitting.push((number, name.to_owned(), rest));
        }
    }

    /// The number of the file that is meant.
    ///
    /// # Errors
    ///
    /// [`Fault::Several`] or [`Fault::Other`] if it cannot be told.
    pub fn decide(&mut self) -> Result<u64, Fault> {
        let exact = |fits: &&(u64, String, Option<&str>)| fits.2.is_none();
        let mut fitting: Vec<_> = self.fitting.iter().filter(exact).collect();
        if fitting.is_empty() {
            fitting = self.fitting.iter().collect();
        }
        match (&fitting[..], self.asked) {
            (&[(number, name, rest)], _) => {
                self.taken = Some((short(name), *rest));
                Ok(*number)
            }
            _ if self.count == 0 => {
                Err(Fault::Other("there is no file in it".into(), "give an archive that an image is in"))
            }
            ([], Some(asked)) => {
                let names = self.names.join(", ");
                let more = if self.count as usize > self.names.len() { " and more" } else { "" };
                Err(Fault::Other(
                    format!("there is no {} in it, but {names}{more}", short(asked)),
                    "name one of these behind the #, with its folders",
                ))
            }
            (_, Some(asked)) => Err(Fault::Other(
                format!("several files in it are called {}", short(asked)),
                "unpack it by hand, and give the image that is meant",
            )),
            (_, None) => Err(Fault::Several(self.count, std::mem::take(&mut self.names))),
        }
    }

    /// The file that was decided on, and what is asked of what is in it; without an archive, nothing and what was asked.
    pub fn taken(self) -> (Option<String>, Option<&'m str>) {
        match self.taken {
            Some((name, rest)) => (Some(name), rest),
            None => (None, self.asked),
        }
    }
}

/// A name for a message: signs alone, and not too many.
fn short(name: &str) -> String {
    let name = shown(name);
    match name.char_indices().nth(NAME_SHOWN) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(
        names: &[&str],
        asked: Option<&'static str>,
    ) -> Result<(String, Option<&'static str>), String> {
        let mut choice = Choice::new(asked);
        (0..).zip(names).for_each(|(number, name)| choice.offer(number, name));
        match choice.decide() {
            Ok(number) => {
                let (name, rest) = choice.taken();
                assert_eq!(name.as_deref(), Some(&*shown(names[number as usize])));
                Ok((name.unwrap(), rest))
            }
            Err(Fault::Several(count, names)) => Err(format!("{count}: {}", names.join(" "))),
            Err(Fault::Other(why, _)) => Err(why),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_only_file_is_taken_and_one_of_several_has_to_be_named() {
        assert_eq!(decided(&["a.img"], None), Ok(("a.img".into(), None)));
        assert_eq!(decided(&["a.img", "b/c"], None), Err("2: a.img b/c".into()));
        assert_eq!(decided(&["a.img", "b/c"], Some("b/c")), Ok(("b/c".into(), None)));
        assert_eq!(decided(&["a.img", "b/c"], Some("c")), Err("there is no c in it, but a.img, b/c".into()));
        assert_eq!(decided(&[], None), Err("there is no file in it".into()));
        assert_eq!(decided(&["a", "a"], Some("a")), Err("several files in it are called a".into()));
    }

    #[test]
    fn what_stands_behind_one_more_sign_is_asked_of_the_archive_in_it() {
        assert_eq!(decided(&["a.zip", "b"], Some("a.zip#x/y")), Ok(("a.zip".into(), Some("x/y"))));
        // A file whose own name has the sign comes first.
        assert_eq!(decided(&["a.zip", "a.zip#x"], Some("a.zip#x")), Ok(("a.zip#x".into(), None)));
        assert_eq!(decided(&["a\u{1b}[2J"], Some("a\\x1b[2J")), Ok(("a\\x1b[2J".into(), None)));
    }
}
