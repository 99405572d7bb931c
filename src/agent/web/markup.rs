//! Markup in which everything that comes from outside is text.

use std::fmt::Display;

use crate::io::console::escape;

/// HTML or XML: tags of this program, and texts of anybody between them.
///
/// There are two ways in: a tag has to be written in the source, and a text is escaped. So a name in
/// a trust list or a line of the log cannot become a tag, nor leave the attribute that it is in.
#[derive(Debug, Default)]
pub(super) struct Markup {
    page: String,
    /// A path that no text shows. Tags keep what looks like it: a store may be in `/secd`.
    hidden: String,
}

impl Markup {
    /// Markup in whose texts a path is hidden.
    pub(super) fn hiding(path: &str) -> Self {
        Self { hidden: path.to_owned(), ..Self::default() }
    }

    /// Adds tags of this program.
    pub(super) fn tag(&mut self, tag: &'static str) -> &mut Self {
        self.page.push_str(tag);
        self
    }

    /// Adds a text, to be read as it is: also within the quotes of an attribute.
    pub(super) fn text(&mut self, text: &dyn Display) -> &mut Self {
        // First what is invisible or reorders its surroundings, as everywhere else.
        let mut shown = escape(&text.to_string()).to_string();
        hide(&mut shown, &self.hidden);
        for character in shown.chars() {
            match character {
                '&' => self.page.push_str("&amp;"),
                '<' => self.page.push_str("&lt;"),
                '>' => self.page.push_str("&gt;"),
                '"' => self.page.push_str("&quot;"),
                '\'' => self.page.push_str("&#39;"),
                other => self.page.push(other),
            }
        }
        self
    }

    /// All that was added, in its order.
    pub(super) fn into_text(self) -> String {
        self.page
    }
}

/// Replaces a path, and what lies below it, in a text for others.
pub(super) fn hide(text: &mut String, path: &str) {
    // Of the root and the like there is nothing to hide.
    if path.len() > 1 && text.contains(path) {
        *text = text.replace(path, "(store)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut markup = Markup::default();
        markup.text(&text);
        markup.into_text()
    }

    #[test]
    fn no_text_becomes_a_tag_or_leaves_its_attribute() {
        let hostile = "</td><script>alert('x')</script>\" onload=\"&lt;";
        let escaped = "&lt;/td&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; \
                       onload=&quot;&amp;lt;";
        assert_eq!(shown(hostile), escaped);
    }

    #[test]
    fn what_is_invisible_or_turns_text_around_is_shown() {
        assert_eq!(shown("a\u{0}b\u{202e}c\nd"), "a\\u{0}b\\u{202e}c\\nd");
        assert_eq!(shown("Zoë 日本"), "Zoë 日本");
    }

    #[test]
    fn a_path_is_hidden_in_texts_and_no_tag_is_taken_for_it() {
        let mut markup = Markup::hiding("/secd");
        markup.tag("<a href=\"/secd.css\">").text(&"no room in /secd/ctl").tag("</a>");
        assert_eq!(markup.into_text(), "<a href=\"/secd.css\">no room in (store)/ctl</a>");
        let mut markup = Markup::hiding("/var/o'brien & co");
        markup.text(&"/var/o'brien & co/ctl");
        assert_eq!(markup.into_text(), "(store)/ctl");
    }

    #[test]
    fn no_text_makes_xml_unreadable() {
        // XML 1.0 §2.2: what is no Char must not be there, in whatever form.
        let all: String = ('\u{0}'..=char::MAX).collect();
        let forbidden =
            |c: char| c < ' ' || matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
        let found: Vec<_> = shown(&all).chars().filter(|&c| forbidden(c)).collect();
        assert_eq!(found, []);
    }

    #[test]
    fn tags_stay_as_they_are() {
        let mut markup = Markup::default();
        markup.tag("<b title=\"").text(&1).tag("\">").text(&"<").tag("</b>");
        assert_eq!(markup.into_text(), "<b title=\"1\">&lt;</b>");
    }

    #[test]
    fn a_path_is_taken_out_of_what_was_put_together_and_no_other_text() {
        let body = |path| {
            let mut text = "a /var/s/x b".to_owned();
            hide(&mut text, path);
            text
        };
        assert_eq!(body("/var/s"), "a (store)/x b");
        assert_eq!(
            (body("/"), body(""), body("/var/t")),
            ("a /var/s/x b".to_owned(), "a /var/s/x b".to_owned(), "a /var/s/x b".to_owned())
        );
    }
}
