//! Markup in which everything that comes from outside is text.

use std::fmt::Display;

use crate::io::console::escape;

/// HTML or XML: tags of this program, and texts of anybody between them.
///
/// There are two ways in: a tag has to be written in the source, and a text is escaped. So a name in
/// a trust list or a line of the log cannot become a tag, nor leave the attribute that it is in.
#[derive(Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Adds tags of this program.
    pub(super) fn tag(&mut self, tag: &'static str) -> &mut Self {
        self.0.push_str(tag);
        self
    }

    /// Adds a text, to be read as it is: also within the quotes of an attribute.
    pub(super) fn text(&mut self, text: &dyn Display) -> &mut Self {
        // First what is invisible or reorders its surroundings, as everywhere else.
        let shown = escape(&text.to_string()).to_string();
        for character in shown.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
        self
    }

    /// All that was added, in its order.
    pub(super) fn into_text(self) -> String {
        self.0
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
    fn tags_stay_as_they_are() {
        let mut markup = Markup::default();
        markup.tag("<b title=\"").text(&1).tag("\">").text(&"<").tag("</b>");
        assert_eq!(markup.into_text(), "<b title=\"1\">&lt;</b>");
    }
}
