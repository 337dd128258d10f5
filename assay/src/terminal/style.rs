//! Colours. They are always written; `anstream` takes them away where nobody
//! would see them.

use anstyle::{AnsiColor, Style};

/// A text in a style.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A heading.
pub(crate) fn head(text: &str) -> String {
    styled(Style::new().bold(), text)
}

/// Something that is as it should be.
pub(crate) fn good(text: &str) -> String {
    styled(AnsiColor::Green.on_default().bold(), text)
}

/// Something that is not.
pub(crate) fn bad(text: &str) -> String {
    styled(AnsiColor::Red.on_default().bold(), text)
}

/// Something to be aware of.
pub(crate) fn odd(text: &str) -> String {
    styled(AnsiColor::Yellow.on_default(), text)
}

/// Something beside the point.
pub(crate) fn dim(text: &str) -> String {
    styled(Style::new().dimmed(), text)
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "1 case", "2 cases".
pub(crate) fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(number))
}

/// The names of neighbours, the first and the last of them where there are more than two.
pub(crate) fn span(names: &[&str]) -> String {
    match names {
        [first, _, .., last] => format!("{first}-{last}"),
        names => names.join(", "),
    }
}

/// A text in lines of at most `width`, each behind `indent`, broken at spaces.
pub(crate) fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let len = word.chars().count();
        if used > 0 && used + 1 + len > width {
            lines.push('\n');
            used = 0;
        }
        lines.push_str(if used == 0 { indent } else { " " });
        used += if used == 0 { indent.len() + len } else { 1 + len };
        lines.push_str(word);
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "case"), "1 case");
        assert_eq!(counted(1000, "case"), "1,000 cases");
    }

    #[test]
    fn neighbours_are_named_by_their_ends() {
        assert_eq!(span(&["6.5"]), "6.5");
        assert_eq!(span(&["6.5", "6.6"]), "6.5, 6.6");
        assert_eq!(span(&["6.5", "6.6", "6.7"]), "6.5-6.7");
    }

    #[test]
    fn long_texts_are_broken_at_spaces() {
        assert_eq!(wrapped("one two three", "  ", 9), "  one two\n  three\n");
    }
}
