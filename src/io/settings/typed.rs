//! Values of the file, by the types that keys have.

use core::num::IntErrorKind;

use toml::Spanned;
use toml::de::DeValue;

use super::faults::unknown;

/// A value that a key cannot have.
pub(super) struct WrongValue {
    /// Where it is in the text.
    pub(super) offset: usize,
    /// What is wrong with it.
    pub(super) message: String,
}

impl WrongValue {
    fn new(value: &Spanned<DeValue<'_>>, message: String) -> Self {
        Self { offset: value.span().start, message }
    }

    /// Of another type than the key's.
    fn of_type(value: &Spanned<DeValue<'_>>, expected: &str) -> Self {
        let found = match value.get_ref() {
            DeValue::Boolean(found) => format!("boolean `{found}`"),
            DeValue::Float(found) => format!("number `{found}`"),
            DeValue::Integer(found) => format!("integer `{found}`"),
            DeValue::String(found) => format!("string {found:?}"),
            other => other.type_str().to_owned(),
        };
        Self::new(value, format!("invalid type: {found}, expected {expected}"))
    }
}

/// What a key may have as its value. Serde's readers of the same types are 60 KB more in the phone's
/// binary, for floating-point numbers among others, which no key has.
pub(super) trait TypedValue: Sized {
    /// Reads a value of this type.
    ///
    /// # Errors
    /// [`WrongValue`] if it is of another.
    fn read(value: Spanned<DeValue<'_>>) -> Result<Self, WrongValue>;
}

impl TypedValue for bool {
    fn read(value: Spanned<DeValue<'_>>) -> Result<Self, WrongValue> {
        value.get_ref().as_bool().ok_or_else(|| WrongValue::of_type(&value, "true or false"))
    }
}

impl TypedValue for u64 {
    fn read(value: Spanned<DeValue<'_>>) -> Result<Self, WrongValue> {
        let whole = "a whole number, 0 or more";
        let DeValue::Integer(number) = value.get_ref() else {
            return Err(WrongValue::of_type(&value, whole));
        };
        Self::from_str_radix(number.as_str(), number.radix()).map_err(|error| {
            let expected = match error.kind() {
                IntErrorKind::PosOverflow => format!("at most {}", Self::MAX),
                _ => whole.to_owned(),
            };
            WrongValue::new(
                &value,
                format!("invalid value: integer `{number}`, expected {expected}"),
            )
        })
    }
}

impl TypedValue for String {
    fn read(value: Spanned<DeValue<'_>>) -> Result<Self, WrongValue> {
        text(&value).map(Self::from)
    }
}

impl<T: TypedValue> TypedValue for Vec<T> {
    fn read(value: Spanned<DeValue<'_>>) -> Result<Self, WrongValue> {
        let other = WrongValue::of_type(&value, "an array");
        let DeValue::Array(elements) = value.into_inner() else { return Err(other) };
        elements.into_iter().map(T::read).collect()
    }
}

impl<T: TypedValue> TypedValue for Spanned<T> {
    fn read(value: Spanned<DeValue<'_>>) -> Result<Self, WrongValue> {
        let span = value.span();
        T::read(value).map(|value| Self::new(span, value))
    }
}

fn text<'a>(value: &'a Spanned<DeValue<'_>>) -> Result<&'a str, WrongValue> {
    value.get_ref().as_str().ok_or_else(|| WrongValue::of_type(value, "text in quotes"))
}

/// What a word in the file selects.
///
/// # Errors
/// [`WrongValue`] if it is none of those that count.
pub(super) fn choice<T: Copy>(
    value: &Spanned<DeValue<'_>>,
    choices: &[(&str, T)],
) -> Result<T, WrongValue> {
    let found = text(value)?;
    let choice = choices.iter().find(|(word, _)| *word == found);
    choice.map(|(_, choice)| *choice).ok_or_else(|| {
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        WrongValue::new(value, unknown("value", found, &words))
    })
}
