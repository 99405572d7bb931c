//! Numbers of the wire that have a meaning each.

/// An enumeration of numbers of the wire, with the table of what they mean written once.
///
/// Generates the variants; `From` the number, where what the table lacks is `Unknown`; `code` back
/// to it; and `Display`: the text beside a number, or the number itself where there is none.
/// `Unknown` is shown behind its own text, if it has one. The variant that may follow it is never
/// read: it is for fields that hold no number.
macro_rules! coded {
    (
        $(#[$about:meta])*
        pub enum $name:ident: $number:ty {
            $($(#[$doc:meta])* $variant:ident = $code:literal $($text:literal)?,)+
            ; $(#[$other:meta])* Unknown $($what:literal)?
            $(, $(#[$odd:meta])* $none:ident = $no_code:path, $no_text:literal)?
        }
    ) => {
        $(#[$about])*
        pub enum $name {
            $($(#[$doc])* $variant,)+
            $(#[$other])*
            Unknown($number),
            $($(#[$odd])* $none,)?
        }

        impl $name {
            /// The number on the wire.
            #[must_use]
            pub const fn code(self) -> $number {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Unknown(code) => code,
                    $(Self::$none => $no_code,)?
                }
            }
        }

        impl From<$number> for $name {
            fn from(code: $number) -> Self {
                // A number twice in a table is an unreachable arm, which the compiler reports.
                match code {
                    $($code => Self::$variant,)+
                    _ => Self::Unknown(code),
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    $(Self::$variant => f.pad(coded!(@text $code $($text)?)),)+
                    // With its number, which is what to search for when a log shows one.
                    Self::Unknown(code) => write!(f, concat!($($what, " ",)? "{}"), code),
                    $(Self::$none => f.pad($no_text),)?
                }
            }
        }
    };
    (@text $code:literal) => { concat!($code) };
    (@text $code:literal $text:literal) => { $text };
}

pub(in crate::wire) use coded;
